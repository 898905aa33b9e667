#include "platform/process/log_file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace seance::process {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class LogFileTest : public testing::Test {
  protected:
    LogFileTest() {
        char name[] = "/tmp/seance-log-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~LogFileTest() override { fs::remove_all(folder_); }
    fs::path folder_;
};

TEST_F(LogFileTest, WritesEachLineWithItsTime) {
    LogFile log{folder_ / "api.log"};

    log.append("started");

    EXPECT_THAT(text_of(folder_ / "api.log"), testing::MatchesRegex("20..-..-..T..:..:..\\....Z started\n"));
}

TEST_F(LogFileTest, KeepsAFewOldFilesOfLimitedSize) {
    LogFile log{folder_ / "api.log", {.most_bytes = 100, .keep = 2}};

    for (int i = 0; i < 50; ++i) log.append("line " + std::to_string(i) + " of fifty");

    EXPECT_THAT(text_of(folder_ / "api.log"), testing::HasSubstr("line 49 "));
    EXPECT_LE(fs::file_size(folder_ / "api.log.1"), 100U);
    EXPECT_TRUE(fs::exists(folder_ / "api.log.2"));
    EXPECT_FALSE(fs::exists(folder_ / "api.log.3"));
}

}  // namespace
}  // namespace seance::process
