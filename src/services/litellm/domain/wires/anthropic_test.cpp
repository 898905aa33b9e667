#include <gmock/gmock.h>

#include "services/litellm/domain/wires/anthropic_answer.hpp"
#include "services/litellm/domain/wires/anthropic_request.hpp"
#include "services/litellm/domain/wires/anthropic_wire.hpp"

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

AnthropicRequest make(std::string_view body, bool modify = false, std::string model = "claude-3") {
    auto root = parse_json(body);
    auto chat = read_openai_chat(*root);
    return make_anthropic_request(*chat, {std::move(model), false, 4096, modify});
}

std::string messages(std::string_view list, bool modify = false) {
    auto made = make("{\"messages\":" + std::string(list) + "}", modify);
    return std::string(json_find(*parse_json(made.body), "messages")->text);
}

AnswerContext context() {
    return {find_provider("anthropic"), SecretText("k"), "public", "chatcmpl-1", 1, 1};
}

}  // namespace

TEST(AnthropicRequest, MergesTurnsOfOneRoleAndPutsResultsFirst) {
    EXPECT_EQ(
        messages("[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"},"
                 "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\",\"function\":{\"name\":\"f\","
                 "\"arguments\":\"{\\\"n\\\":12345678901234567890}\"}}]},"
                 "{\"role\":\"user\",\"content\":\"c\"},{\"role\":\"tool\",\"tool_call_id\":\"t\","
                 "\"content\":\"r\"}]"),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":"
        "\"b\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
        "\"input\":{\"n\":12345678901234567890}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
        "\"tool_use_id\":\"t\",\"content\":\"r\"},{\"type\":\"text\",\"text\":\"c\"}]}]");
}

TEST(AnthropicRequest, LeavesOutEmptyTextsAndTrimsALastAnswerOfTheAssistant) {
    EXPECT_EQ(
        messages("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"},{\"type\":\"text\","
                 "\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":\"b \\n\"}]"),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":\"assistant\","
        "\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}]");
}

TEST(AnthropicRequest, BeginsWithAUserOnlyIfItMayMendTheRequest) {
    auto list = "[{\"role\":\"assistant\",\"content\":\"a\"}]";
    EXPECT_THAT(messages(list), testing::StartsWith("[{\"role\":\"assistant\""));
    EXPECT_THAT(messages(list, true), testing::StartsWith("[{\"role\":\"user\""));
}

TEST(AnthropicRequest, KeepsTheUsersIdUnlessItNamesAPerson) {
    auto with = [](std::string user) { return make("{\"messages\":[],\"user\":\"" + user + "\"}").body; };
    EXPECT_THAT(with("u-1"), HasSubstr("\"metadata\":{\"user_id\":\"u-1\"}"));
    EXPECT_THAT(with("a@b.c"), Not(HasSubstr("metadata")));
    EXPECT_THAT(with("+41 79 123 45 67"), Not(HasSubstr("metadata")));
}

TEST(AnthropicRequest, ThinksWithinABudgetBelowTheLimit) {
    auto made =
        make("{\"messages\":[],\"reasoning_effort\":\"low\",\"max_tokens\":10,\"temperature\":0.1}").body;
    EXPECT_THAT(made, HasSubstr("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}"));
    EXPECT_THAT(made, HasSubstr("\"max_tokens\":1034"));
    EXPECT_THAT(made, Not(HasSubstr("temperature")));
    EXPECT_THAT(make("{\"messages\":[],\"reasoning_effort\":\"none\"}").body, Not(HasSubstr("thinking")));
}

TEST(AnthropicRequest, NamesWhatHasNoEquivalent) {
    auto root = parse_json(
        "{\"messages\":[],\"n\":2,\"seed\":1,\"logprobs\":true,\"presence_penalty\":0,\"store\":true,"
        "\"audio\":{"
        "\"voice\":\"x\"},\"top_k\":4,\"odd\":1}");
    EXPECT_THAT(unsupported_by_anthropic(*read_openai_chat(*root)),
                ElementsAre("n", "seed", "logprobs", "audio"));
}

TEST(AnthropicAnswer, CountsCachedTokensAsPartOfThePrompt) {
    auto answer = anthropic_to_completion(
        "{\"type\":\"message\",\"content\":[],\"stop_reason\":\"max_tokens\",\"usage\":{\"input_tokens\":1,"
        "\"cache_read_input_tokens\":20,\"cache_creation_input_tokens\":300,\"output_tokens\":4}}",
        false, context());
    auto usage = read_usage(json_find(*parse_json(*answer), "usage"));
    EXPECT_EQ(usage->prompt, 321u);
    EXPECT_EQ(usage->cached, 20u);
    EXPECT_EQ(usage->cache_creation, 300u);
    EXPECT_THAT(*answer, HasSubstr("\"finish_reason\":\"length\""));
}

TEST(AnthropicAnswer, MapsEveryStopReason) {
    for (auto [word, finish] : {std::pair("end_turn", "stop"),
                                {"stop_sequence", "stop"},
                                {"pause_turn", "stop"},
                                {"max_tokens", "length"},
                                {"model_context_window_exceeded", "length"},
                                {"tool_use", "tool_calls"},
                                {"refusal", "content_filter"}})
        EXPECT_EQ(finish_of_stop_reason(word), finish) << word;
    EXPECT_EQ(anthropic_error("{\"error\":{\"type\":\"overloaded_error\"}}", context()).status, 503);
}

TEST(AnthropicWire, AppendsItsRouteOnceToAnyBase) {
    Deployment deployment;
    Config config;
    auto url = [&](std::string base, std::string_view route) {
        Endpoint endpoint{find_provider("anthropic"), "m", std::move(base), SecretText("k")};
        return anthropic_call({endpoint, deployment, config}, route, "{}", false, {})->url.target;
    };
    for (auto base : {"http://h", "http://h/", "http://h/v1", "http://h/v1/messages"}) {
        EXPECT_EQ(url(base, "/v1/messages"), "/v1/messages") << base;
        EXPECT_EQ(url(base, "/v1/messages/count_tokens"), "/v1/messages/count_tokens") << base;
    }
    EXPECT_EQ(url("http://h/x?a=b", "/v1/messages"), "/x/v1/messages?a=b");
}

}  // namespace seance::litellm
