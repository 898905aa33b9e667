#include "services/litellm/domain/legacy_functions.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {

TEST(LegacyFunctions, AreWhatARequestWithoutToolsSpeaksOf) {
    EXPECT_TRUE(speaks_of_functions(*parse_json(R"({"functions":[{"name":"f"}]})")));
    EXPECT_FALSE(speaks_of_functions(*parse_json(R"({"functions":[],"tools":[]})")));
    EXPECT_FALSE(speaks_of_functions(*parse_json(R"({"functions":null})")));
}

TEST(LegacyFunctions, StandInForTheFirstToolCallOfAnAnswer) {
    EXPECT_EQ(
        tools_to_functions(
            R"({"id":"x","choices":[{"index":0,"message":{"content":null,"tool_calls":[)"
            R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},)"
            R"({"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})",
            "message"),
        R"({"id":"x","choices":[{"index":0,"message":{"content":null,"function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call"}]})");
}

TEST(LegacyFunctions, LeaveAPieceOfAnotherCallEmptyAndTextAlone) {
    EXPECT_EQ(
        tools_to_functions(
            R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"x"}}]}}]})",
            "delta"),
        R"({"choices":[{"index":0,"delta":{}}]})");
    constexpr auto kText = R"({"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]})";
    EXPECT_EQ(tools_to_functions(kText, "delta"), kText);
    EXPECT_EQ(tools_to_functions("[DONE]", "delta"), "[DONE]");
}

}  // namespace seance::litellm
