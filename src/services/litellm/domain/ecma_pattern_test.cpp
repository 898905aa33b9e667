#include "services/litellm/domain/ecma_pattern.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace seance::litellm {
namespace {

struct Case {
    std::string_view pattern, found, absent;
};

}  // namespace

TEST(EcmaPattern, MeansWhatEcmaScriptMeans) {
    constexpr Case cases[] = {
        {"b", "abc", "ac"},
        {"^[A-Z]{2}-\\d{4}$", "AB-1234", "AB-1234\n"},
        {"^\\d$", "7", "\u0667"},
        {"^.$", "\u00e9", "\u2028"},
        {"^[^]$", "\n", ""},
        {"^\\s$", "\u00a0", "x"},
        {"^\\S$", "x", "\u3000"},
        {"^[\\s,]$", "\ufeff", "x"},
        {"^\\u00e9$", "\u00e9", "e"},
        {"^\\ud83d\\ude00$", "\U0001f600", "\ufffd"},
        {"^\\u{1F600}$", "\U0001f600", "1"},
        {"^(?<year>\\d+)/(?:a|b)$", "20/b", "20/c"},
        {"^\\/\\-\\.$", "/-.", "/-x"},
        {"^[[:a]$", "[", "b"},
        {"^\\p{Lu}$", "\u00c9", "\u00e9"},
        {"^\\cJ\\x41\\0$", std::string_view("\nA\0", 3), "A"},
        {"^[\\b]$", "\b", "b"},
        {"\\bword\\b", "a word.", "swords"},
        {"", "", "-"},
    };
    for (auto& [text, found, absent] : cases) {
        auto pattern = EcmaPattern::parse(text);
        ASSERT_TRUE(pattern) << text;
        EXPECT_TRUE(pattern->found_in(found)) << text;
        EXPECT_EQ(pattern->found_in(absent), text.empty()) << text;
    }
}

TEST(EcmaPattern, DoesNotPretendToUnderstand) {
    for (auto text : {"(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?i)a", "(", "[a", "a\\", "\\Aa",
                      "\\Qa", "[]", "[^\\S]", "\\u12", "\\ud83d", "a{1,5000}", "\\xg0", "\\c1"})
        EXPECT_FALSE(EcmaPattern::parse(text)) << text;
    EXPECT_FALSE(EcmaPattern::parse(std::string(EcmaPattern::kMostLength + 1, 'a')));
    EXPECT_FALSE(EcmaPattern::parse("((a{100}){100}){100}"));
}

TEST(EcmaPattern, MatchesInLinearTimeWhereOthersTakeForEver) {
    auto pattern = EcmaPattern::parse("^(a+)+$");
    ASSERT_TRUE(pattern);

    std::string text(100'000, 'a');
    text.push_back('b');
    auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(pattern->found_in(text));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

}  // namespace seance::litellm
