#include "cli/log_reader.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::cli {
namespace {

std::vector<std::string> texts(const std::vector<LogEntry>& entries) {
    std::vector<std::string> out;
    for (const auto& entry : entries) out.push_back(entry.text);
    return out;
}

class LogReaderTest : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) {
        std::ofstream(path() + "/" + name, std::ios::app) << text;
    }
    std::string path() const { return folder_.path().string(); }
    testing_support::TemporaryFolder folder_;
};

TEST_F(LogReaderTest, ReadsTheLastLinesOverRotatedFiles) {
    write("api.log.1", "2026-01-01T00:00:01.000Z one\n2026-01-01T00:00:02.000Z two\n");
    write("api.log", "2026-01-01T00:00:03.000Z three\n");

    EXPECT_THAT(texts(read_log(path(), "api", "", 2)), testing::ElementsAre("two", "three"));
    EXPECT_THAT(texts(read_log(path(), "api", "2026-01-01T00:00:02", 10)),
                testing::ElementsAre("two", "three"));
    EXPECT_THAT(texts(read_log(path(), "other", "", 10)), testing::IsEmpty());
}

TEST_F(LogReaderTest, FollowsOverRotation) {
    write("api.log", "2026-01-01T00:00:01.000Z old\n");
    LogFollower follower{path(), "api"};
    write("api.log", "2026-01-01T00:00:02.000Z new\n2026-01-01T00:00:03.000Z half");
    EXPECT_THAT(texts(follower.read_new()), testing::ElementsAre("new"));

    write("api.log", " whole\n");
    std::rename((path() + "/api.log").c_str(), (path() + "/api.log.1").c_str());
    write("api.log", "2026-01-01T00:00:04.000Z fresh\n");

    EXPECT_THAT(texts(follower.read_new()), testing::ElementsAre("half whole", "fresh"));
}

TEST(ParseSince, TakesDurationsAndTimes) {
    const auto now = std::chrono::system_clock::from_time_t(1'800'000'000);

    EXPECT_EQ(parse_since("1m", now), iso_timestamp(now - std::chrono::minutes(1)));
    EXPECT_EQ(parse_since("2026-11-24T06:47", now), "2026-11-24T06:47");
    EXPECT_EQ(parse_since("2026-11-24T06:47:06.123Z", now), "2026-11-24T06:47:06.123");
    EXPECT_FALSE(parse_since("yesterday", now));
    EXPECT_FALSE(parse_since("10", now));
    EXPECT_FALSE(parse_since("2026-13-24", now));
    EXPECT_FALSE(parse_since("2026-11-24T24:47", now));
    EXPECT_FALSE(parse_since("2026-11-24T06:47:06+01:00", now));
}

}  // namespace
}  // namespace seance::cli
