#include "services/signaling/sync/update.hpp"

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "tests/support/unhex.hpp"

namespace seance::signaling::sync {
namespace {

using testing_support::unhex;
using Part = UpdateReader::Part;

// What Yjs 13.6 wrote for a text of "a", then "b😀c" behind it without the a, a map with [1, {x: null}] under
// k, and an array of 1, "two" and the byte 3.
const auto kUpdate = unhex(
    "010601000401017401618101000184010105f09f9880632801016d016b0175027d01760101787e08010172027d01770374776f83"
    "010701"
    "030101010101");

std::string last_struct_of(std::string_view update, std::uint64_t cut) {
    UpdateReader reader(update);
    reader.next();
    std::string out;
    append_struct(out, reader.client(), reader.structure(), cut);
    return out;
}

}  // namespace

TEST(UpdateReader, FindsEveryStructAndDeletionOfAnUpdateOfYjs) {
    UpdateReader reader(kUpdate);
    std::vector<std::uint64_t> lengths;
    auto part = reader.next();
    for (; part == Part::Structure; part = reader.next()) lengths.push_back(reader.structure().length);

    EXPECT_EQ(lengths, (std::vector<std::uint64_t>{1, 1, 3, 1, 2, 1}));
    ASSERT_EQ(part, Part::Deletion);
    EXPECT_EQ(reader.client(), 1u);
    EXPECT_EQ(reader.deletion(), (Range{1, 2}));
    EXPECT_EQ(reader.next(), Part::End);
    EXPECT_EQ(reader.next(), Part::End);
}

TEST(UpdateReader, RefusesAnUpdateThatIsCutOffOrLonger) {
    EXPECT_TRUE(is_update(kUpdate));
    EXPECT_TRUE(is_update(kEmptyUpdate));
    for (std::size_t size = 0; size < kUpdate.size(); ++size)
        EXPECT_FALSE(is_update(kUpdate.substr(0, size))) << size;
    EXPECT_FALSE(is_update(kUpdate + '\0'));
}

TEST(UpdateReader, RefusesWhatIsOfFormatTwo) {
    EXPECT_FALSE(
        is_update(unhex("00000241020300020c000b0400810084002800080083100a7461f09f9880636d6b72410003410101010"
                        "00341000201060075027d01760101787e7d01770374776f01030101010100")));
    EXPECT_FALSE(is_update(unhex("00000000000001000000000000"))) << "an empty one";
}

TEST(UpdateReader, RefusesClocksBeyondWhatJavaScriptCounts) {
    std::string update("\x01\x01\x01", 3);
    append_number(update, kMostNumber);
    update += std::string("\x00\x01\x00", 3);  // GC of length 1

    EXPECT_FALSE(is_update(update));
}

TEST(AppendStruct, HangsWhatIsLeftOfACutItemOnWhatWasCutOff) {
    //             one struct of client 1 at clock 5: text "héy", parent "t"
    auto update = unhex("01010105040101740468c3a97900");

    EXPECT_EQ(last_struct_of(update, 0), unhex("040101740468c3a979"));
    EXPECT_EQ(last_struct_of(update, 1), unhex("84010503c3a979"));
    EXPECT_EQ(last_struct_of(update, 2), unhex("84010601"
                                               "79"));
}

TEST(AppendStruct, KeepsTheRightOriginOfACutItem) {
    //             text "ab" between 2:7 and 3:9
    auto update = unhex(
        "01010105c4020703090261"
        "6200");

    EXPECT_EQ(last_struct_of(update, 1), unhex("c4010503090162"));
}

TEST(AppendStruct, PutsAReplacementWhereHalfACharacterWasCutAway) {
    auto update = unhex("01010105040101740561f09f988000");  // "a😀"

    EXPECT_EQ(last_struct_of(update, 1), unhex("84010504f09f9880"));
    EXPECT_EQ(last_struct_of(update, 2), unhex("84010603efbfbd"));
}

TEST(AppendStruct, CutsElementsOfArraysWhole) {
    auto update = unhex(
        "010101000801017203"
        "7d01"
        "7703"
        "74776f"
        "7e00");  // 1, "two", null

    EXPECT_EQ(last_struct_of(update, 1), unhex("88010002770374776f7e"));
    EXPECT_EQ(last_struct_of(update, 2), unhex("880101017e"));
}

TEST(FirstOf, KeepsTheBeginningOfAStruct) {
    auto update = unhex("01010105040101740561f09f988000");  // "a😀"
    UpdateReader reader(update);
    reader.next();

    EXPECT_EQ(first_of(reader.structure(), 1).content, "a");
    EXPECT_EQ(first_of(reader.structure(), 2).content, "a\xEF\xBF\xBD");
    EXPECT_EQ(first_of(reader.structure(), 3).content, "a😀");
}

TEST(StateVector, IsReadAsItIsWritten) {
    StateVector state{{1, 3}, {300, 70}};

    EXPECT_EQ(parse_state_vector(print_state_vector(state)), state);
    EXPECT_EQ(parse_state_vector(""), std::nullopt);
    EXPECT_EQ(parse_state_vector(print_state_vector(state) + "x"), std::nullopt);
}

}  // namespace seance::signaling::sync
