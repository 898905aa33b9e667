#include "services/signaling/sync/lib0.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {
namespace {

using namespace std::literals;

std::string number(std::uint64_t value) {
    std::string out;
    append_number(out, value);
    return out;
}

bool is_value(std::string_view text) {
    Lib0Reader in(text);
    in.skip_value();
    return in.finished();
}

}  // namespace

TEST(Lib0Reader, ReadsNumbersAsTheyAreWritten) {
    for (auto value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{300},
                       std::uint64_t{1} << 32, kMostNumber}) {
        auto text = number(value);
        Lib0Reader in(text);

        EXPECT_EQ(in.number(), value);
        EXPECT_TRUE(in.finished());
        EXPECT_EQ(size_of_number(value), text.size());
    }
    EXPECT_EQ(number(300), "\xAC\x02");
}

TEST(Lib0Reader, RefusesNumbersThatAreCutOffTooLargeOrPadded) {
    for (auto text : {""sv, "\x80"sv, "\xff\xff\xff\xff\xff\xff\xff\x10"sv,
                      "\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv, "\x80\x00"sv, "\x81\x80\x00"sv}) {
        Lib0Reader in(text);

        EXPECT_EQ(in.number(), 0u);
        EXPECT_FALSE(in.ok()) << testing::PrintToString(text);
    }
}

TEST(Lib0Reader, GivesNothingAfterItsFirstFailure) {
    Lib0Reader in(
        "\x06"
        "abc\x01x");

    EXPECT_EQ(in.bytes(), "");
    EXPECT_EQ(in.byte(), 0);
    EXPECT_EQ(in.text(), "");
    EXPECT_FALSE(in.finished());
}

TEST(Lib0Reader, TakesTextOnlyAsUtf8) {
    EXPECT_EQ(Lib0Reader("\x02\xC3\xA9"sv).text(), "é");
    EXPECT_EQ(Lib0Reader("\x03\xED\xA0\x80"sv).text(), "");  // half a surrogate pair
}

TEST(Lib0Reader, SkipsEveryKindOfValue) {
    for (auto text : {"\x7f"sv, "\x7e"sv, "\x7d\x2a"sv, "\x7d\xbf\x01"sv, "\x7d\x40"sv, "\x7c\0\0\0\0"sv,
                      "\x7b\0\0\0\0\0\0\0\0"sv, "\x7a\0\0\0\0\0\0\0\0"sv, "\x79"sv, "\x78"sv, "\x77\x01x"sv,
                      "\x76\x01\x01k\x75\x02\x78\x77\0"sv, "\x74\x02\xff\xfe"sv})
        EXPECT_TRUE(is_value(text)) << testing::PrintToString(text);
}

TEST(Lib0Reader, RefusesValuesThatAreNone) {
    for (auto text : {""sv, "\x73"sv, "\x7d"sv, "\x7d\x80"sv, "\x7d\x80\x00"sv, "\x7c\0\0\0"sv, "\x77\x02x"sv,
                      "\x75\xff\xff\xff\x7f"sv, "\x76\x01\x01k"sv, "\x74\x01"sv})
        EXPECT_FALSE(is_value(text)) << testing::PrintToString(text);
}

TEST(Lib0Reader, RefusesValuesNestedTooDeep) {
    std::string deep;
    for (int i = 1; i < Lib0Reader::kMostDepth; ++i) deep += "\x75\x01";

    EXPECT_TRUE(is_value(deep + "\x7e"));
    EXPECT_FALSE(is_value(deep + "\x75\x01\x7e"));
}

TEST(Utf16Units, CountsACharacterOfFourBytesTwice) {
    EXPECT_EQ(utf16_units("aé€"), 3u);
    EXPECT_EQ(utf16_units("a😀b"), 4u);
}

}  // namespace seance::signaling::sync
