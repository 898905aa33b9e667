#include "services/litellm/domain/stream_collector.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

const Usage kUsage{.prompt = 2, .completion = 3};

std::string chunk(std::string_view choices) {
    return "data: {\"id\":\"c1\",\"created\":5,\"model\":\"big\",\"choices\":[" + std::string(choices) +
           "]}\n\n";
}

TEST(StreamCollector, JoinsWhatAStreamSaid) {
    StreamCollector collector;
    for (char byte : chunk(R"({"index":0,"delta":{"role":"assistant","content":"He"}})") +
                         chunk(R"({"index":0,"delta":{"content":"llo"}})") +
                         chunk(R"({"index":0,"delta":{},"finish_reason":"stop"})") + "data: [DONE]\n\n")
        collector.feed({&byte, 1});

    EXPECT_EQ(collector.completion(kUsage),
              R"({"id":"c1","object":"chat.completion","created":5,"model":"big","choices":[{"index":0,)"
              R"("finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}],)"
              R"("usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}})");
}

TEST(StreamCollector, JoinsTheArgumentsOfToolsByIndex) {
    StreamCollector collector;
    collector.feed(
        chunk(
            R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}})") +
        chunk(
            R"({"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"[1"}}]}})") +
        chunk(
            R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"]"}}]}})") +
        chunk(R"({"index":0,"delta":{},"finish_reason":"tool_calls"})") + "data: [DONE]\n\n");

    auto whole = collector.completion(kUsage).value_or("");
    EXPECT_NE(whole.find(R"("content":null)"), std::string::npos);
    EXPECT_NE(whole.find(R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"}})"),
              std::string::npos);
    EXPECT_NE(whole.find(R"("arguments":"[1]")"), std::string::npos);
}

TEST(StreamCollector, LosesNothingThatAWholeAnswerWouldHold) {
    StreamCollector collector;
    collector.feed(
        "data: "
        "{\"id\":\"c\",\"service_tier\":\"flex\",\"obfuscation\":\"x\",\"choices\":[{\"index\":0,\"delta\":{"
        "\"reasoning_content\":\"r\",\"thinking_blocks\":[{\"signature\":\"s\"}],\"audio\":null},"
        "\"logprobs\":{\"content\":[1]}}]}"
        "\n\n" +
        chunk(
            R"({"index":0,"delta":{"refusal":"no","images":[{"a":1}],"function_call":{"name":"f","arguments":"{"}},"logprobs":{"content":[2]}})") +
        chunk(
            R"({"index":0,"delta":{"images":[2],"function_call":{"arguments":"}"},"tool_calls":[{"index":0,"id":"t","function":{"name":"g","arguments":"{}"},"x":1}]},"finish_reason":"stop","native_finish_reason":"end"})") +
        "data: {\"choices\":[],\"usage\":{\"odd\":1e-7}}\n\ndata: [DONE]\n\n");

    EXPECT_EQ(
        collector.completion(kUsage),
        R"({"id":"c1","object":"chat.completion","created":5,"model":"big","service_tier":"flex","choices":[{"index":0,)"
        R"("finish_reason":"stop","message":{"role":"assistant","content":null,"reasoning_content":"r","refusal":"no",)"
        R"("images":[{"a":1},2],"thinking_blocks":[{"signature":"s"}],)"
        R"("tool_calls":[{"id":"t","type":"function","function":{"name":"g","arguments":"{}"},"x":1}],)"
        R"("function_call":{"name":"f","arguments":"{}"}},"logprobs":{"content":[1,2]},"native_finish_reason":"end"}],)"
        R"("usage":{"odd":1e-7}})");
}

TEST(StreamCollector, GivesNothingOfWhatItCannotPutTogether) {
    StreamCollector collector;
    collector.feed(
        chunk(R"({"index":0,"delta":{"content":"He","audio":{"data":"AA"}},"finish_reason":"stop"})") +
        "data: [DONE]\n\n");

    EXPECT_EQ(collector.completion(kUsage), std::nullopt);
}

TEST(StreamCollector, GivesNothingOfAStreamThatWasCut) {
    StreamCollector collector;
    collector.feed(chunk(R"({"index":0,"delta":{"content":"He"}})"));
    EXPECT_EQ(collector.completion(kUsage), std::nullopt);
    collector.feed("data: [DONE]\n\n");
    EXPECT_EQ(collector.completion(kUsage), std::nullopt) << "no finish_reason";
}

}  // namespace
}  // namespace seance::litellm
