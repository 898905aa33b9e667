#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/result.hpp"

namespace seance::litellm {

class SpoolSegment;

// What has to reach Valkey, on disk until it has: one writer's numbered entries, in memory-mapped files, so
// that kill -9 right after append() loses nothing and append() waits for nobody. What a failing machine may
// lose: entries younger than the last sync(). A folder per writer under the spool's folder, locked while its
// process lives. Used on one loop.
class Spool {
  public:
    // A new writer's. Nothing is written before the first append. `most`: bytes on disk; beyond, and when the
    // disk is full, up to kMostInMemory entries wait in memory and the next are lost. The disk is tried again
    // each `retry_disk`.
    Spool(const std::string& folder, std::uint64_t most, Duration retry_disk = std::chrono::seconds(5));
    ~Spool();  // what is empty is removed from disk
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    // Makes the spool's folder and a file in it, to find out at start what the first append would. Why it
    // cannot be used and what to do; nothing if it can. A full disk is no reason: entries wait in memory
    // then.
    static std::optional<Problem> check(const std::string& folder);

    static constexpr std::size_t kMostInMemory = 10'000;

    struct Entry {
        std::uint64_t number;
        std::string_view operations, record;  // good until delivered() or after_sync()
    };

    // False if it is lost.
    bool append(std::string_view operations, std::string_view record);
    // Puts on disk what waits in memory, as far as there is room by now.
    void settle_on_disk();
    // The oldest that are not delivered, in order: so many, and none after those that have `bytes` together;
    // records with prompts are long, and one alone may be longer.
    std::vector<Entry> oldest(std::size_t most, std::size_t bytes = SIZE_MAX) const;
    // Everything up to that number is in Valkey.
    void delivered(std::uint64_t number);

    bool empty() const { return waiting_ == 0; }
    std::uint64_t waiting() const { return waiting_; }
    const std::string& writer() const { return writer_; }
    // Why the disk is not used; "" if it is.
    const std::string& problem() const { return problem_.empty() ? sync_problem_ : problem_; }
    // What a thread calls, with what may not be on disk yet: the machine may lose it. Full ones come once.
    struct Unsynced {
        std::vector<std::shared_ptr<SpoolSegment>> full;  // which need not stay in memory either
        std::shared_ptr<SpoolSegment> filling;
    };
    Unsynced take_unsynced();
    // What became of it.
    struct Synced {
        bool any = false;
        std::shared_ptr<SpoolSegment> failed;  // the oldest that is not on disk; null: all are
        std::string problem;
    };
    // Entries of what failed, and all younger ones, wait in memory from now on, as with a full disk.
    void after_sync(Synced synced);
    bool sync_fails() const { return !sync_problem_.empty(); }  // since the last one that was good

    // What writers left that are no longer alive. Each is locked by the process that gets it.
    static std::vector<std::unique_ptr<Spool>> adopt(const std::string& folder);

  private:
    struct InMemory {
        std::uint64_t number;
        std::string operations, record;
    };
    Spool() = default;
    bool open_folder();
    bool add_segment(std::size_t needed);
    bool write(std::uint64_t number, std::string_view operations, std::string_view record);
    void close();

    std::string folder_, writer_, problem_, sync_problem_;
    std::uint64_t most_ = 0, on_disk_ = 0, next_ = 1, waiting_ = 0;
    Duration retry_disk_{};
    Instant disk_again_{};  // not tried before
    int lock_ = -1;
    std::deque<std::shared_ptr<SpoolSegment>> segments_;  // oldest first
    std::deque<InMemory> in_memory_;                      // younger than all on disk
    std::uint64_t segment_number_ = 0;
    std::size_t synced_ = 0;  // of segments_, the first so many
};

// For a thread of its own.
Spool::Synced sync(const Spool::Unsynced& unsynced);

}  // namespace seance::litellm
