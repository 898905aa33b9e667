#include "platform/plan/release_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace seance::plan {
namespace {

TEST(ReleaseMark, IsReadAsItIsWritten) {
    for (const auto& mark : {ReleaseMark{12, "df0e00f", 0}, ReleaseMark{13, "0f14641-dirty", 9},
                             ReleaseMark{1, "", 0}, ReleaseMark{0, "df0e00f", 0}, ReleaseMark{}})
        EXPECT_EQ(ReleaseMark::parse(mark.print()), mark) << mark.print();
    EXPECT_EQ((ReleaseMark{13, "0f14641", 9}.print()), "r13 0f14641 back r9");
}

TEST(ReleaseNumber, IsNoCommit) {
    EXPECT_EQ(parse_release_number("r12"), 12);
    for (const auto* text : {"", "r", "r0", "r-1", "12", "r12x", "df0e00f", "r99999999999"})
        EXPECT_FALSE(parse_release_number(text)) << text;
}

TEST(ReleaseLog, NumbersReleases) {
    ReleaseLog log;
    EXPECT_EQ(log.begin("aaaaaaa", 0).number, 1);
    log.end();
    EXPECT_EQ(log.begin("aaaaaaa", 0).number, 2);
}

TEST(ReleaseLog, GoesOnWithWhatWasCutOff) {
    ReleaseLog log;
    const auto first = log.begin("aaaaaaa", 0);
    const auto again = ReleaseLog::parse(log.print()).begin("aaaaaaa", 0);
    EXPECT_EQ(again, first);
    EXPECT_EQ(ReleaseLog::parse(log.print()).begin("bbbbbbb", 0).number, 2);
    EXPECT_EQ(ReleaseLog::parse(log.print()).begin("aaaaaaa", 1).number, 2);
}

TEST(ReleaseLog, NeverGivesANumberASecondTime) {
    ReleaseLog lost;
    EXPECT_EQ(lost.begin("aaaaaaa", 0, 7).number, 8);
}

TEST(ReleaseLog, RemembersWhatWasSeenOfDeployments) {
    ReleaseLog log;
    log.note("d1", true);
    log.note("d2", true);
    log.note("d2", false);
    const auto read = ReleaseLog::parse(log.print());
    EXPECT_EQ(read, log);
    EXPECT_EQ(read.was_good("d1"), true);
    EXPECT_EQ(read.was_good("d2"), false);
    EXPECT_EQ(read.was_good("d3"), std::nullopt);
}

TEST(ReleaseLog, ForgetsTheOldestBeyondItsLimit) {
    ReleaseLog log;
    for (std::size_t i = 0; i <= ReleaseLog::kMostVerdicts; ++i) log.note(fmt::format("d{}", i), true);
    EXPECT_FALSE(log.was_good("d0"));
    EXPECT_TRUE(log.was_good("d1"));
    EXPECT_TRUE(log.was_good(fmt::format("d{}", ReleaseLog::kMostVerdicts)));
}

TEST(ReleaseLog, TakesWhatItCannotReadForEmpty) {
    for (const auto* text : {"", "x", "[]", R"({"last":-3,"open":5,"seen":[1,"","+"]})"})
        EXPECT_EQ(ReleaseLog::parse(text), ReleaseLog{}) << text;
}

}  // namespace
}  // namespace seance::plan
