#include "core/base/text.hpp"

#include <gtest/gtest.h>

namespace seance {

TEST(Text, SplitsAndTrims) {
    EXPECT_EQ(split("a,b,,c", ','), (std::vector<std::string_view>{"a", "b", "", "c"}));
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim("  "), "");
}

TEST(Text, ParsesOnlyPlainNumbers) {
    EXPECT_EQ(parse_number("0"), 0u);
    EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615u);
    for (const char* bad : {"", "-1", "+1", "1x", " 1", "18446744073709551616"})
        EXPECT_FALSE(parse_number(bad)) << bad;
}

// Unicode 15, table 3-7: the well-formed sequences and their neighbours.
TEST(Utf8, AcceptsWellFormedAndRefusesTheRest) {
    for (std::string_view good : {"", "abc", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                  "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "é𝄞"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (std::string_view bad :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFFz"})
        EXPECT_FALSE(is_utf8(bad));
}

TEST(Utf8, FindsABadByteAtEveryOffset) {
    for (std::size_t at = 0; at < 24; ++at) {
        std::string text(24, 'a');
        EXPECT_TRUE(is_utf8(text));
        text[at] = '\xC3';
        EXPECT_FALSE(is_utf8(text)) << at;
        if (at == 23) continue;
        text[at + 1] = '\xA9';
        EXPECT_TRUE(is_utf8(text)) << at;
    }
}

TEST(Nearest, FindsATypoAndNotAnotherWord) {
    std::vector<std::string> names = {"services", "environments", "project"};

    EXPECT_EQ(nearest("servces", names), "services");
    EXPECT_EQ(nearest("Project", names), "project");
    EXPECT_EQ(nearest("banana", names), "");
    EXPECT_EQ(did_you_mean("enviroments", names), " (did you mean environments?)");
    EXPECT_EQ(nearest("env", names), "environments") << "the beginning of one alone";
    EXPECT_EQ(nearest("servces", names, 1), "services");
    EXPECT_EQ(nearest("sevces", names, 1), "") << "two letters apart";
}

}  // namespace seance
