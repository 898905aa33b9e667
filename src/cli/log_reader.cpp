#include "cli/log_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <fstream>

#include "core/base/text.hpp"

namespace seance::cli {

std::optional<std::string> parse_since(std::string_view text, std::chrono::system_clock::time_point now) {
    if (auto back = parse_duration(text))
        return iso_timestamp(now - std::chrono::duration_cast<std::chrono::system_clock::duration>(*back));
    // Compared as text, so a time that is cut short means its earliest moment.
    static constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (text.size() < 10) return std::nullopt;
    const bool utc = text.ends_with('Z');
    auto body = text.substr(0, text.size() - (utc ? 1 : 0));
    for (std::size_t i = 0; i < body.size(); ++i) {
        const bool digit = body[i] >= '0' && body[i] <= '9';
        if (i < kForm.size() ? (kForm[i] == '0' ? !digit : body[i] != kForm[i])
                             : !(i == kForm.size() ? body[i] == '.' : digit))
            return std::nullopt;
    }
    static constexpr struct {
        std::size_t at;
        std::uint64_t least, most;
    } kBounds[] = {{5, 1, 12}, {8, 1, 31}, {11, 0, 23}, {14, 0, 59}, {17, 0, 60}};
    for (const auto& [at, least, most] : kBounds) {
        if (body.size() <= at) break;
        const auto number = parse_number(body.substr(at, 2));
        if (!number || *number < least || *number > most) return std::nullopt;
    }
    return std::string(body);
}

LogEntry parse_entry(std::string_view line, std::string_view service) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return {"", std::string(service), std::string(line)};
    return {std::string(line.substr(0, space)), std::string(service), std::string(line.substr(space + 1))};
}

std::vector<LogEntry> read_log(const std::string& folder, const std::string& service,
                               const std::string& since, std::size_t most) {
    std::deque<LogEntry> entries;
    const auto path = folder + "/" + service + ".log";
    // From the newest file back, until there is enough.
    for (int i = 0; entries.size() < most; ++i) {
        std::ifstream file(i == 0 ? path : path + "." + std::to_string(i));
        if (!file) break;
        std::deque<LogEntry> of_file;
        bool older = false;
        for (std::string line; std::getline(file, line);) {
            auto entry = parse_entry(line, service);
            if (entry.time < since) {
                older = true;
                continue;
            }
            of_file.push_back(std::move(entry));
            if (of_file.size() + entries.size() > most) of_file.pop_front();
        }
        entries.insert(entries.begin(), std::make_move_iterator(of_file.begin()),
                       std::make_move_iterator(of_file.end()));
        if (older) break;
    }
    return {std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end())};
}

void sort_by_time(std::vector<LogEntry>& entries) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const LogEntry& a, const LogEntry& b) { return a.time < b.time; });
}

LogFollower::LogFollower(std::string folder, std::string service)
    : path_(std::move(folder) + "/" + service + ".log"), service_(std::move(service)) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat state {};
    if (fd_ < 0 || ::fstat(fd_, &state) != 0) return;
    inode_ = state.st_ino;
    ::lseek(fd_, 0, SEEK_END);
}

LogFollower::LogFollower(LogFollower&& other) noexcept
    : path_(std::move(other.path_)),
      service_(std::move(other.service_)),
      partial_(std::move(other.partial_)),
      fd_(other.fd_),
      inode_(other.inode_) {
    other.fd_ = -1;
}

LogFollower::~LogFollower() {
    if (fd_ >= 0) ::close(fd_);
}

std::vector<LogEntry> LogFollower::read_new() {
    std::vector<LogEntry> entries;
    read_open(entries);
    struct stat state {};
    if (::stat(path_.c_str(), &state) != 0 || state.st_ino == inode_) return entries;
    read_open(entries);  // what came between the two looks
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    inode_ = state.st_ino;
    read_open(entries);
    return entries;
}

void LogFollower::read_open(std::vector<LogEntry>& entries) {
    if (fd_ < 0) return;
    char piece[8192];
    for (ssize_t n = 0; (n = ::read(fd_, piece, sizeof piece)) > 0;) {
        partial_.append(piece, static_cast<std::size_t>(n));
        for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
            entries.push_back(parse_entry(std::string_view(partial_).substr(0, end), service_));
            partial_.erase(0, end + 1);
        }
    }
}

}  // namespace seance::cli
