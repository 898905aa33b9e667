#pragma once
#include <filesystem>
#include <string_view>

#include "core/base/result.hpp"
#include "services/signaling/sync/document_log.hpp"

namespace seance::signaling::sync {

// An append-only file of records, each with its length and CRC-32. Calls block: they belong on a worker's
// thread. The file is locked while it is open, so that of two programs only one writes to it.
//
//   "seance sync log 1\n", then for each record: length and CRC-32 of length and bytes, four bytes each with
//   the low ones first, and the bytes.
class LogFile {
  public:
    struct Found {
        Updates records;
        std::size_t cut_off = 0;  // bytes at the end that were no record: a write that a crash cut short
        std::size_t damaged = 0;  // records in the middle that are not what was written
    };

    LogFile() = default;
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    // Creates it if there is none. What is cut off is removed from the file.
    Outcome<Found> open(std::filesystem::path path);
    // All of them or none.
    Outcome<void> append(const Updates& records);
    // Puts a file of these in the place of this one, at once.
    Outcome<void> replace(const Updates& records);
    Outcome<void> sync();
    void close();  // and removes it if nothing is in it

    bool is_open() const { return fd_ >= 0; }
    std::size_t bytes() const { return size_; }

    // For files that nobody has opened since; false if it is in use or younger.
    static bool remove_if_older(const std::filesystem::path& path, Duration age);

  private:
    Outcome<void> lock(const std::filesystem::path& path);
    Outcome<Found> read();
    Outcome<void> fail(const char* doing) const;

    std::filesystem::path path_;
    int fd_ = -1;
    std::size_t size_ = 0;
};

}  // namespace seance::signaling::sync
