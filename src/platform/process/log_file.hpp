#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace seance::process {

// What a service has written, a line each with the time it came: "2026-11-24T06:47:06.123Z text". When the
// file has reached `most_bytes` it becomes NAME.1 (and that NAME.2, up to `keep`), so a service that shouts
// cannot fill the disk. A disk that is full loses lines, never the service.
class LogFile {
  public:
    struct Limits {
        std::uint64_t most_bytes = 10 << 20;
        int keep = 3;
    };

    explicit LogFile(std::string path) : LogFile(std::move(path), Limits{}) {}
    LogFile(std::string path, Limits limits);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    void append(std::string_view line);

  private:
    void open();
    void rotate();

    std::string path_;
    Limits limits_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

}  // namespace seance::process
