#include "platform/targets/railway/log_merger.hpp"

#include <gtest/gtest.h>

namespace seance::railway {
namespace {

using Messages = std::vector<std::string>;

LogLine line(int nanosecond, std::string message, std::string service = "s") {
    LogLine out;
    out.timestamp = "2026-08-21T10:00:00." + std::to_string(100'000'000 + nanosecond) + "Z";
    out.message = std::move(message);
    out.service = ServiceId(std::move(service));
    return out;
}

Messages texts(const std::vector<LogLine>& lines) {
    Messages out;
    for (const auto& one : lines) out.push_back(one.message);
    return out;
}

struct LogMergerTest : testing::Test {
    Messages take(std::vector<LogLine> batch) { return texts(merger.take(std::move(batch))); }
    LogMerger merger;
};

TEST_F(LogMergerTest, GivesEverythingOfOneConnectionAlsoWhatIsOutOfOrder) {
    EXPECT_EQ(take({line(2, "b"), line(1, "a")}), (Messages{"b", "a"}));
    EXPECT_EQ(take({line(1, "late"), line(2, "b")}), (Messages{"late", "b"}));
}

TEST_F(LogMergerTest, DropsWhatAReconnectionRepeats) {
    take({line(1, "a"), line(2, "b")});

    merger.reconnected();

    EXPECT_EQ(take({line(1, "a"), line(2, "b"), line(3, "c")}), (Messages{"c"}));
}

TEST_F(LogMergerTest, KeepsALineThatSharesTheNewestTimestampAcrossTheCut) {
    take({line(1, "a"), line(2, "b")});

    merger.reconnected();

    EXPECT_EQ(take({line(2, "b"), line(2, "b2"), line(2, "b", "other service")}), (Messages{"b2", "b"}));
}

TEST_F(LogMergerTest, CountsEqualLinesOfOneTimestamp) {
    take({line(2, "tick"), line(2, "tick")});

    merger.reconnected();

    EXPECT_EQ(take({line(2, "tick"), line(2, "tick"), line(2, "tick")}), (Messages{"tick"}));
    merger.reconnected();
    EXPECT_EQ(take({line(2, "tick"), line(2, "tick"), line(2, "tick")}), Messages());
}

TEST_F(LogMergerTest, DropsTheSameRepetitionAfterEachOfSeveralCuts) {
    take({line(1, "a")});

    for (int i = 0; i < 3; ++i) {
        merger.reconnected();
        EXPECT_EQ(take({line(1, "a")}), Messages());
    }
}

TEST_F(LogMergerTest, TakesALateLineForNewOnceTheRepetitionsAreOver) {
    take({line(5, "e")});
    merger.reconnected();
    take({line(5, "e"), line(6, "f")});

    EXPECT_EQ(take({line(4, "late")}), (Messages{"late"}));
}

TEST_F(LogMergerTest, DropsRepetitionsThatComeInSeveralBatches) {
    take({line(1, "a"), line(2, "b")});
    merger.reconnected();

    EXPECT_EQ(take({line(1, "a")}), Messages());
    EXPECT_EQ(take({line(2, "b")}), Messages());
    EXPECT_EQ(take({line(3, "c")}), (Messages{"c"}));
}

TEST_F(LogMergerTest, LosesNoLineWhoseTimeItCannotRead) {
    take({line(1, "a")});
    merger.reconnected();
    auto odd = line(1, "odd");
    odd.timestamp = "yesterday";

    EXPECT_EQ(take({odd, line(1, "a")}), (Messages{"odd"}));
}

TEST_F(LogMergerTest, KnowsTheNewestTimestampWhateverTheOrder) {
    EXPECT_EQ(merger.newest(), "");
    take({line(2, "b"), line(1, "a")});

    EXPECT_EQ(merger.newest(), "2026-08-21T10:00:00.100000002Z");
}

}  // namespace
}  // namespace seance::railway
