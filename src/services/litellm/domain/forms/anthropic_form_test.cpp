#include "services/litellm/domain/forms/anthropic_form.hpp"

#include <gmock/gmock.h>

#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/forms/anthropic_request.hpp"
#include "services/litellm/domain/sse.hpp"

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

AnswerContext context() {
    return {find_provider("openai"), SecretText("k"), "public", "chatcmpl-1", 1, 1};
}

std::string translate(std::string_view body, FromAnthropic options = {}) {
    auto root = parse_json(body);
    return anthropic_to_openai(*root, options).body;
}

// The types of the events that these deltas become.
std::vector<std::string> events_of(const std::vector<std::string>& deltas) {
    AnthropicClientStream client(context(), {});
    std::string out;
    for (auto& delta : deltas)
        client.chunk("{\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}", out);
    client.done(out);
    SseParser parser;
    parser.feed(out);
    std::vector<std::string> types;
    while (auto data = parser.next()) {
        JsonFields event(parse_json(*data));
        auto type = event.text("type");
        if (auto inner = JsonFields(event.find("delta")).text("type"); !inner.empty()) type = inner;
        types.push_back(type);
    }
    return types;
}

}  // namespace

TEST(AnthropicForm, TranslatesForUpstreamsThatKnowLess) {
    auto body =
        "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
        "\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{}}]}],\"top_k\":3,"
        "\"thinking\":"
        "{\"type\":\"enabled\",\"budget_tokens\":10000}}";

    auto rich = translate(body);
    EXPECT_THAT(rich, HasSubstr("\"thinking_blocks\":[{\"type\":\"thinking\""));
    EXPECT_THAT(rich, HasSubstr("\"cache_control\":{}"));
    EXPECT_THAT(rich, HasSubstr("\"top_k\":3"));
    auto plain = translate(body, {.rich = false, .reasoning_content = true});
    EXPECT_EQ(
        plain,
        "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\"}],\"reasoning_"
        "effort\":\"high\"}");
}

TEST(AnthropicForm, GivesToolsAnEffortAndAFormatTheirOtherNames) {
    EXPECT_THAT(
        translate("{\"messages\":[],\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],\"tool_choice\":{"
                  "\"type\":\"any\"}}"),
        HasSubstr("\"tool_choice\":\"required\""));
    EXPECT_THAT(
        translate("{\"messages\":[],\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":"
                  "\"low\"}}"),
        HasSubstr("\"reasoning_effort\":\"low\""));
    EXPECT_THAT(translate("{\"messages\":[],\"thinking\":{\"type\":\"disabled\"}}"),
                Not(HasSubstr("reasoning")));
    EXPECT_THAT(
        translate("{\"messages\":[],\"output_format\":{\"type\":\"json_schema\",\"schema\":{\"a\":1}}}"),
        HasSubstr("\"schema\":{\"a\":1}"));
}

TEST(AnthropicForm, ShortensLongNamesTheSameWayEachTime) {
    std::string name(70, 'a');
    EXPECT_EQ(short_tool_name(name).size(), 64u);
    EXPECT_EQ(short_tool_name(name), short_tool_name(name));
    EXPECT_NE(short_tool_name(name), short_tool_name(name + "b"));
    EXPECT_EQ(short_tool_name("short"), "short");
}

TEST(AnthropicClientStream, ClosesOneBlockBeforeItOpensTheNext) {
    EXPECT_THAT(
        events_of({"{\"reasoning_content\":\"r\"}", "{\"content\":\"t\"}", "{}",
                   "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":"
                   "\"{}\"}}]}"}),
        ElementsAre("message_start", "content_block_start", "thinking_delta", "content_block_stop",
                    "content_block_start", "text_delta", "content_block_stop", "content_block_start",
                    "input_json_delta", "content_block_stop", "message_delta", "message_stop"));
}

TEST(AnthropicClientStream, SendsArgumentsAsTheyCome) {
    AnthropicClientStream client(context(), {});
    std::string out;
    client.chunk(
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{\\\"x\"}}]}}]}",
        out);
    EXPECT_THAT(out, HasSubstr("\"partial_json\":\"{\\\"x\""));
}

TEST(AnthropicForm, PutsASignatureBeforeTheEndOfItsBlock) {
    EXPECT_THAT(
        events_of({"{\"reasoning_content\":\"r\"}",
                   "{\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"r\",\"signature\":\"s\"}]}",
                   "{\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\"d\"}]}"}),
        ElementsAre("message_start", "content_block_start", "thinking_delta", "signature_delta",
                    "content_block_stop", "content_block_start", "content_block_stop", "message_delta",
                    "message_stop"));
}

}  // namespace seance::litellm
