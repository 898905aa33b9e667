#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"

namespace seance::cli {

// A line that a service has written: "2026-11-24T06:47:06.123Z text" in its log file.
struct LogEntry {
    std::string time, service, text;
};

// What `--since` takes, as the time stamp that lines are compared with: a duration back from `now` ("10m"),
// or a UTC time of RFC 3339, whole or cut short ("2026-11-24T06:47"). Nothing if it is neither.
std::optional<std::string> parse_since(std::string_view text, std::chrono::system_clock::time_point now);

LogEntry parse_entry(std::string_view line, std::string_view service);

// The log of one service, oldest line first, over its rotated files: what was written at or after `since`
// ("" = ever), of that the last `most`.
std::vector<LogEntry> read_log(const std::string& folder, const std::string& service,
                               const std::string& since, std::size_t most);

// By time; what has the same time stays in order.
void sort_by_time(std::vector<LogEntry>& entries);

// Follows a log file from its end of now, over rotation.
class LogFollower {
  public:
    LogFollower(std::string folder, std::string service);
    ~LogFollower();
    LogFollower(LogFollower&& other) noexcept;
    LogFollower(const LogFollower&) = delete;

    std::vector<LogEntry> read_new();

  private:
    void read_open(std::vector<LogEntry>& entries);

    std::string path_, service_, partial_;
    int fd_ = -1;
    unsigned long inode_ = 0;
};

}  // namespace seance::cli
