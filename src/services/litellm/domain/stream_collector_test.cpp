#include "services/litellm/domain/stream_collector.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

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

    EXPECT_EQ(collector.completion(),
              R"({"id":"c1","object":"chat.completion","created":5,"model":"big","choices":[{"index":0,)"
              R"("finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}]})");
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

    auto whole = collector.completion().value_or("");
    EXPECT_NE(whole.find(R"("content":null)"), std::string::npos);
    EXPECT_NE(whole.find(R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"}})"),
              std::string::npos);
    EXPECT_NE(whole.find(R"("arguments":"[1]")"), std::string::npos);
}

TEST(StreamCollector, GivesNothingOfAStreamThatWasCut) {
    StreamCollector collector;
    collector.feed(chunk(R"({"index":0,"delta":{"content":"He"}})"));
    EXPECT_EQ(collector.completion(), std::nullopt);
    collector.feed("data: [DONE]\n\n");
    EXPECT_EQ(collector.completion(), std::nullopt) << "no finish_reason";
}

}  // namespace
}  // namespace seance::litellm
