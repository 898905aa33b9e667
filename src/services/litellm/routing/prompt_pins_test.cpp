#include "services/litellm/routing/prompt_pins.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Instant t0{std::chrono::hours(1000)};
const std::string kLong(5000, 'x');

std::vector<PromptPrefix> prefixes(const std::string& body) {
    return prompt_prefixes(*parse_json(body));
}

// A system prompt, marked, and what came after it.
std::string talk(std::string_view system, std::string_view rest, std::string_view mark = R"("ephemeral")") {
    return fmt::format(
        R"({{"messages":[{{"role":"system","content":[{{"type":"text","text":"{}","cache_control":{{"type":{}}}}}]}}{}]}})",
        system, mark, rest);
}

}  // namespace

TEST(PromptPrefixes, EndAtTheLastMarkAndAreNoneWithoutOne) {
    EXPECT_TRUE(prefixes(R"({"messages":[{"role":"user","content":"Hi"}]})").empty());

    auto found = prefixes(talk("a", R"(,{"role":"user","content":"b"})"));

    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].marked);
    EXPECT_EQ(found[0].kept, minutes(5));
}

TEST(PromptPrefixes, AreTheSameWhereverTheMarkIs) {
    auto first = prefixes(
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]})");
    auto later = prefixes(
        R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]})");

    ASSERT_EQ(first.size(), 1u);
    ASSERT_EQ(later.size(), 2u);
    EXPECT_EQ(first[0].print, later[0].print);
    EXPECT_FALSE(later[0].marked);
    EXPECT_EQ(later[1].kept, std::chrono::hours(1));
}

TEST(PromptPrefixes, DifferByToolsRolesAndCalls) {
    auto print = [](const std::string& body) { return prefixes(body).back().print; };
    auto plain = print(talk("a", ""));
    EXPECT_NE(plain, print(talk("b", "")));
    EXPECT_NE(plain, print(R"({"tools":[{"name":"t"}],)" + talk("a", "").substr(1)));
    EXPECT_NE(
        print(R"({"messages":[{"role":"user","content":"a","cache_control":{"type":"ephemeral"}}]})"),
        print(R"({"messages":[{"role":"assistant","content":"a","cache_control":{"type":"ephemeral"}}]})"));
}

TEST(PromptPrefixes, TakeAnthropicsSystemAndWhateverElseIsSent) {
    EXPECT_EQ(prefixes(talk("a", "")).back().print,
              prefixes(R"({"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]})")
                  .back()
                  .print);
    for (auto body : {R"([])", R"({"messages":7,"x":{"cache_control":1}})",
                      R"({"messages":[1,{"cache_control":7,"content":[2]}]})"})
        EXPECT_TRUE(prefixes(body).empty()) << body;
}

TEST(PromptPins, LeadALaterTurnToTheDeploymentThatSawTheBeginning) {
    PromptPins pins;
    pins.remember(prefixes(talk(kLong, "")), "one", t0);
    auto later =
        prefixes(talk(kLong, R"(,{"role":"user","content":"b","cache_control":{"type":"ephemeral"}})"));

    EXPECT_EQ(pins.find(later, t0 + seconds(299)), "one");
    EXPECT_EQ(pins.find(later, t0 + seconds(300)), std::nullopt);
    EXPECT_EQ(pins.find(prefixes(talk(kLong + "y", "")), t0), std::nullopt);
}

TEST(PromptPins, KeepTheLatestDeploymentForTheLongestBeginning) {
    PromptPins pins;
    auto shorter = prefixes(talk(kLong, ""));
    auto longer =
        prefixes(talk(kLong, R"(,{"role":"user","content":"b","cache_control":{"type":"ephemeral"}})"));
    pins.remember(shorter, "one", t0);
    pins.remember(longer, "two", t0);
    pins.remember(shorter, "three", t0);

    EXPECT_EQ(pins.find(longer, t0), "two");
    EXPECT_EQ(pins.find(shorter, t0), "three");
}

TEST(PromptPins, DoNotKeepPromptsThatNoProviderCaches) {
    PromptPins pins;
    auto brief = prefixes(talk(std::string(4 * PromptPins::kLeastTokens - 1, 'x'), ""));
    pins.remember(brief, "one", t0);

    EXPECT_EQ(pins.find(brief, t0), std::nullopt);
}

TEST(PromptPins, LookBackAsFarAsProvidersDo) {
    auto at = [](std::size_t parts) {
        std::string rest;
        for (std::size_t i = 1; i < parts; ++i) rest += R"(,{"role":"user","content":"b"})";
        return prefixes(
            talk(kLong, rest + R"(,{"role":"user","content":"c","cache_control":{"type":"ephemeral"}})"));
    };
    PromptPins pins;
    auto first = prefixes(talk(kLong, R"(,{"role":"user","content":"b"})"));
    pins.remember(first, "one", t0);
    // The first message is marked itself, so it is always looked at; one that is marked no more is not.
    EXPECT_EQ(pins.find(at(PromptPins::kLookBack + 5), t0), "one");
    auto unmarked = at(PromptPins::kLookBack + 5);
    unmarked[0].marked = false;
    EXPECT_EQ(pins.find(unmarked, t0), std::nullopt);
    unmarked = at(PromptPins::kLookBack - 1);
    unmarked[0].marked = false;
    EXPECT_EQ(pins.find(unmarked, t0), "one");
}

TEST(PromptPins, ForgetWhatWasUsedLeastLately) {
    PromptPins pins(2);
    auto a = prefixes(talk(kLong + "a", "")), b = prefixes(talk(kLong + "b", "")),
         c = prefixes(talk(kLong + "c", ""));
    pins.remember(a, "one", t0);
    pins.remember(b, "two", t0);
    EXPECT_EQ(pins.find(a, t0), "one");
    pins.remember(c, "three", t0);

    EXPECT_EQ(pins.find(a, t0), "one");
    EXPECT_EQ(pins.find(b, t0), std::nullopt);
    EXPECT_EQ(pins.find(c, t0), "three");
}

}  // namespace seance::litellm
