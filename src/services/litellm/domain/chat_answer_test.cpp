#include "services/litellm/domain/chat_answer.hpp"

#include <gmock/gmock.h>

#include "services/litellm/domain/mock.hpp"

namespace seance::litellm {
namespace {

using testing::HasSubstr;
using testing::Not;

AnswerContext context() {
    return {find_provider("openai"), SecretText("sk-hidden-key"), "public", "chatcmpl-made", 77, 5};
}

}  // namespace

TEST(ChatAnswer, ChangesTheModelAndNothingElse) {
    auto answer = rewrite_completion(
        "{ \"id\":\"x\",\"created\":1.0,\"object\":\"chat.completion\", "
        "\"model\":\"up-1\",\"big\":12345678901234567890,"
        "\"choices\":[ "
        "{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"content\":\"\\ud83d\"}}],\"usage\":{\"prompt_"
        "tokens\":1,\"completion_tokens\":2,\"cost\":1e-7}}",
        context());

    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->json,
              "{ \"id\":\"x\",\"created\":1.0,\"object\":\"chat.completion\", "
              "\"model\":\"public\",\"big\":12345678901234567890,"
              "\"choices\":[ "
              "{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"content\":\"\\ud83d\"}}],\"usage\":{"
              "\"prompt_tokens\":1,\"completion_tokens\":2,\"cost\":1e-7}}");
    EXPECT_EQ(answer->usage.cost, 1e-7);
}

TEST(ChatAnswer, CountsWhatProvidersSayOfUsage) {
    auto usage_of = [](const char* text) { return read_usage(parse_json(text)).value(); };

    auto usage = usage_of(
        R"({"prompt_tokens":10,"completion_tokens":5,"cost":0.5,"cache_creation_input_tokens":3,
            "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":1},
            "completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":6}})");
    EXPECT_EQ(usage.prompt, 10u);
    EXPECT_EQ(usage.completion, 5u);
    EXPECT_EQ(usage.cost, 0.5);
    EXPECT_EQ(usage.cache_creation, 3u);
    EXPECT_EQ(usage.cached, 4u);
    EXPECT_EQ(usage.audio, 1u);
    EXPECT_EQ(usage.reasoning, 2u);
    EXPECT_EQ(usage.audio_out, 6u);
    // Of a provider's own names, before or after the details that lack them.
    EXPECT_EQ(usage_of(R"({"prompt_cache_hit_tokens":7,"prompt_tokens_details":{}})").cached, 7u);
    EXPECT_EQ(usage_of(R"({"prompt_tokens_details":{"cache_creation_tokens":8}})").cache_creation, 8u);
    EXPECT_FALSE(read_usage(parse_json("[]")));
}

TEST(ChatAnswer, FillsInWhatIsAbsentAndMapsProviderWords) {
    auto answer = rewrite_completion(
        "{\"choices\":[{\"finish_reason\":\"end_turn\",\"message\":{\"content\":\"abcdefgh\",\"reasoning\":"
        "\"r\"}}]}",
        context());

    EXPECT_EQ(answer->json,
              "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"abcdefgh\",\"reasoning\":"
              "\"r\",\"reasoning_content\":\"r\"}}],"
              "\"model\":\"public\",\"id\":\"chatcmpl-made\",\"created\":77,\"object\":\"chat.completion\","
              "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":10,\"total_tokens\":15}}");
}

TEST(ChatAnswer, WritesArgumentsAsTextAndSaysWhyAnAnswerEnded) {
    auto message = [](std::string_view calls) {
        auto body = std::string("{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":") +
                    std::string(calls) + "},\"finish_reason\":null}]}";
        auto answer = rewrite_completion(body, context());
        auto root = parse_json(answer->json);
        return std::string(json_elements(*json_find(*root, "choices")).front().text);
    };

    EXPECT_EQ(
        message("[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"n\": 1e-7}}},7]"),
        "{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{\\\"n\\\": 1e-7}\"},\"type\":\"function\"},7]},\"finish_reason\":\"tool_calls\"}");
    EXPECT_THAT(message("[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":null}}]"),
                HasSubstr("\"arguments\":\"{}\""));
    EXPECT_EQ(message("[]"), "{\"message\":{\"content\":null,\"tool_calls\":[]},\"finish_reason\":\"stop\"}");
    auto delta =
        parse_json("{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":{\"a\":1}}}]}}");
    EXPECT_EQ(rewrite_choice(*delta, "delta"),
              "{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":1}\"}}]}}");
    auto begin = parse_json("{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\"}}]}}");
    EXPECT_FALSE(rewrite_choice(*begin, "delta"));
}

TEST(ChatAnswer, RefusesWhatIsNoCompletion) {
    for (auto body : {"", "  ", "<html>sk-hidden-key</html>", "[]", "{}", "{\"choices\":3}",
                      "{\"choices\":[3]}", "{\"choices\":[]", "\xff"}) {
        auto answer = rewrite_completion(body, context());
        ASSERT_FALSE(answer.has_value()) << body;
        EXPECT_EQ(answer.error().status, 502);
        EXPECT_THAT(answer.error().message, Not(HasSubstr("sk-hidden-key")));
    }
    EXPECT_EQ(rewrite_completion("{\"error\":{\"code\":402,\"message\":\"pay\"}}", context()).error().status,
              402);
}

TEST(ChatAnswer, MapsEveryFinishReason) {
    for (auto [word, mapped] : {std::pair("stop", "stop"),
                                {"eos", "stop"},
                                {"end_turn", "stop"},
                                {"MAX_TOKENS", "length"},
                                {"SAFETY", "content_filter"},
                                {"tool_use", "tool_calls"},
                                {"function_call", "function_call"},
                                {"whatever", "stop"}})
        EXPECT_EQ(map_finish_reason(word), mapped) << word;
}

TEST(Mock, AnswersLikeAnUpstreamOrFailsLikeOne) {
    auto whole = mock_completion("hi \"there\"", 2, context());
    EXPECT_TRUE(parse_json(*whole));
    EXPECT_EQ(rewrite_completion(*whole, context())->usage.prompt, 5u);
    EXPECT_EQ(mock_completion("litellm.RateLimitError", 1, context()).error().status, 429);
    EXPECT_EQ(mock_chunks("litellm.ContextWindowExceededError", 1, context()).error().status, 400);
}

}  // namespace seance::litellm
