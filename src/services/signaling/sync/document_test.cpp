#include "services/signaling/sync/document.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/signaling/sync/shared_document.hpp"
#include "tests/support/unhex.hpp"

namespace seance::signaling::sync {
namespace {

using Added = SharedDocument::Added;
using testing_support::unhex;

// What Yjs wrote at each step of one client: a text of "a", "b😀c" behind it, the "a" deleted, a value in a
// map.
const std::vector<std::string> kSteps{
    unhex("0101010004010174016100"),
    unhex("010101018401000662f09f98806300"),
    unhex("000101010001"),
    unhex("010101052801016d016b0175027d01760101787e00"),
};
const auto kAll = unhex(
    "0102010004010174076162f09f98806328"
    "01016d016b0175027d01760101787e0101010001");

Document merged(const std::vector<std::string>& updates) {
    Document document;
    for (const auto& update : updates) document.add(update);
    return document;
}

}  // namespace

TEST(Document, JoinsWhatWasTypedInPieces) {
    EXPECT_EQ(merged(kSteps).diff({}), kAll);
}

TEST(Document, IsTheSameInWhateverOrderUpdatesComeAndHoweverOften) {
    auto steps = kSteps;
    steps.insert(steps.end(), kSteps.begin(), kSteps.end());
    steps.push_back(kAll);
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::shuffle(steps.begin(), steps.end(), random);

        EXPECT_EQ(merged(steps).diff({}), kAll);
    }
}

TEST(Document, SaysWhetherAnUpdateWasNews) {
    Document document;

    EXPECT_TRUE(document.add(kSteps[0]));
    EXPECT_FALSE(document.add(kSteps[0]));
    EXPECT_TRUE(document.add(kSteps[2]));
    EXPECT_FALSE(document.add(kSteps[2]));
    EXPECT_TRUE(document.add(kAll)) << "of which it knew parts";
    EXPECT_FALSE(document.add(kSteps[1]));
    EXPECT_FALSE(document.add(kEmptyUpdate));
}

TEST(Document, GivesWhatFollowsOnAStateAlone) {
    auto document = merged(kSteps);

    EXPECT_EQ(document.diff({{1, 5}}), unhex("010101052801016d016b0175027d01760101787e0101010001"));
    EXPECT_EQ(document.diff({{1, 4}}), unhex("01020104840103016328"
                                             "01016d016b0175027d01760101787e0101010001"));
    EXPECT_EQ(document.diff({{1, 6}}), unhex("000101010001"));
    EXPECT_EQ(document.diff({{1, 99}}), unhex("000101010001"));
}

TEST(Document, KeepsWhatCameAheadOfAGapAndSkipsTheGap) {
    auto document = merged({kSteps[0], kSteps[3]});

    EXPECT_EQ(document.state(), (StateVector{{1, 1}}));
    EXPECT_EQ(document.diff({}), unhex("010301000401017401610a042801016d016b0175027d01760101787e00"));
    EXPECT_EQ(document.diff({{1, 1}}), kSteps[3]);

    document.add(kSteps[1]);
    EXPECT_EQ(document.state(), (StateVector{{1, 6}}));
}

TEST(Document, FillsAGapFromWhatOverlapsIt) {
    auto text = [](int clock, std::string_view content) {
        std::string update{"\x01\x01\x01", 3};
        append_number(update, static_cast<std::uint64_t>(clock));
        update += std::string("\x84\x01", 2);
        append_number(update, static_cast<std::uint64_t>(clock - 1));
        append_bytes(update, content);
        return update + '\0';
    };
    Document document;
    document.add(text(7, "gh"));
    document.add(text(3, "c"));
    document.add(text(2, "bcdefghi"));  // around both
    document.add(kSteps[0]);
    document.add(text(1, "ab"));

    EXPECT_EQ(document.state(), (StateVector{{1, 10}}));
    EXPECT_EQ(document.diff({}), unhex("0101010004010174"
                                       "0a"
                                       "61616263646566676869"
                                       "00"));
}

TEST(Document, JoinsOnlyWhatAClientWouldSplitThere) {
    auto with = [](std::string_view second) { return merged({kSteps[0], unhex(second)}).structs(); };
    EXPECT_EQ(with("01010101840100016200"), 1u);
    EXPECT_EQ(with("01010101840200016200"), 2u) << "behind another client's";
    EXPECT_EQ(with("01010101c401000200016200"), 2u) << "with a right origin";
    EXPECT_EQ(with("01010101440100016200"), 2u) << "in front of it";
    EXPECT_EQ(with("010101018801000"
                   "17e00"),
              2u)
        << "another kind";
    EXPECT_EQ(with("0101010100"
                   "0100"),
              2u)
        << "collected";
}

TEST(Document, ForgetsTheContentOfWhatWasDeletedAndKeepsItsPlace) {
    // "abcdef" by client 1, then "x" by client 2 behind the d, and the deletion of "cde".
    auto document = merged({unhex("010101000401017406"
                                  "61626364656600"),
                            unhex("01010200c4010301040178"
                                  "00"),
                            unhex("0001010102"
                                  "03")});
    auto before = document.size();

    document.forget_deleted();

    EXPECT_EQ(document.diff({}), unhex("02"
                                       "010200"
                                       "c4010301040178"
                                       "030100"
                                       "04010174026162"
                                       "81010103"
                                       "84010401"
                                       "66"
                                       "01"
                                       "01010203"));
    EXPECT_LE(document.size(), before + 2 * sizeof(Struct) + 8);
    EXPECT_FALSE(
        document.add(unhex("010101000401017406"
                           "61626364656600")))
        << "it does not come back";
    auto once = document.diff({});
    document.forget_deleted();
    EXPECT_EQ(document.diff({}), once);
}

TEST(SharedDocument, DoesNotGrowWithWhatWasDeleted) {
    SharedDocument document;
    std::size_t largest = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
        std::string update("\x01\x01\x01", 3);
        append_number(update, i * 100);
        update += i == 0 ? unhex("04010174") : unhex("8401");
        if (i > 0) append_number(update, i * 100 - 1);
        append_bytes(update, std::string(100, 'x'));
        update += unhex("010101");
        append_number(update, i * 100);
        append_number(update, 100);
        EXPECT_EQ(document.add(update, 20'000), Added::Something);
        largest = std::max(largest, document.size());
    }

    EXPECT_LT(largest, 10'000u);
    document.forget_deleted();
    EXPECT_LT(document.all()[0].size(), 100u);
}

TEST(Document, CountsItsMemoryBeforeAndAfterAnUpdate) {
    Document document;
    for (const auto& step : kSteps) {
        auto before = document.size();
        auto growth = document.growth(step);
        document.add(step);

        EXPECT_LE(document.size(), before + growth);
        EXPECT_GT(document.size(), before);
        EXPECT_EQ(document.growth(step), 0u);
    }
}

TEST(SharedDocument, KeepsWhatItCannotReadAsItCame) {
    SharedDocument document;

    EXPECT_EQ(document.add("encrypted", 10'000), Added::Something);
    EXPECT_EQ(document.add("encrypted", 10'000), Added::Nothing);
    EXPECT_EQ(document.add("encrypted too", 10'000), Added::Something);

    EXPECT_EQ(document.missing_to(""), (std::vector<std::string>{"encrypted", "encrypted too"}));
    EXPECT_EQ(document.state(), std::string(1, '\0'));
}

TEST(SharedDocument, AnswersWithWhatItCannotReadAndTheRestMerged) {
    SharedDocument document;
    document.add("foreign", 10'000);
    for (const auto& step : kSteps) document.add(step, 10'000);

    EXPECT_EQ(document.missing_to(print_state_vector({{1, 6}})),
              (std::vector<std::string>{"foreign", unhex("000101010001")}));
    EXPECT_EQ(document.all(), (std::vector<std::string>{"foreign", kAll}));
}

TEST(SharedDocument, RefusesWhatWouldMakeItTooLarge) {
    SharedDocument document;
    auto most = std::size_t{600};
    document.add(kSteps[0], most);

    EXPECT_EQ(document.add(std::string(500, '\xff'), most), Added::TooLarge);
    std::string update = unhex("0101020004010174");
    append_bytes(update, std::string(500, 'x'));
    update += '\0';
    EXPECT_EQ(document.add(update, most), Added::TooLarge);
    EXPECT_EQ(document.missing_to(""), (std::vector<std::string>{kSteps[0]}));
    EXPECT_EQ(document.add(kSteps[1], most), Added::Something);
}

}  // namespace seance::signaling::sync
