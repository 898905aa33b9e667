#pragma once
#include <memory>
#include <string>

#include "core/observe/metrics.hpp"
#include "core/runtime/loop.hpp"
#include "services/signaling/sync/document_log.hpp"
#include "services/signaling/sync/room.hpp"

namespace seance::signaling::sync {

struct KeeperCounters {
    KeeperCounters();
    observe::Counter &written, &failed, &denied, &compactions;
    observe::Histogram& write_seconds;
};

// An open room and the log that keeps its document: reads it when the room opens, writes what is new, and
// compacts. While the log cannot be had the room goes on in memory, and what it has is written once it can.
class Keeper {
  public:
    // Without a log nothing is kept.
    Keeper(Loop& loop, std::string name, Room::Limits limits, std::unique_ptr<DocumentLog> log,
           std::function<void(std::string_view frame)> spread, KeeperCounters& counters);

    Room& room() { return room_; }
    const std::string& name() const { return name_; }
    bool keeps() const { return log_ != nullptr; }

    // As long as the room is open: until close() and everything is written.
    Awaitable<void> run();
    void close();       // once nobody is in the room; who comes meanwhile keeps it open
    void close_soon();  // the same, and what cannot be written is given up
    void read_again();  // others may have written to the log
    void renew();       // the log is in use, though nothing may be written to it

    Instant last_used = Clock::now();      // by a member
    std::size_t accounted = 0;             // of its size, by its owner
    bool ended = false;                    // run() has; set by its owner
    std::function<void(Keeper&)> on_read;  // the document is there

  private:
    bool done() const;
    Awaitable<void> work();
    Awaitable<void> rest();
    Awaitable<void> read();
    Awaitable<void> write();
    Awaitable<void> compact();
    bool compaction_is_due() const;
    void failed(std::string_view doing, const Problem& problem);
    void succeeded();
    void wake();

    std::string name_;
    std::unique_ptr<DocumentLog> log_;
    KeeperCounters& counters_;
    Timer timer_;
    Room room_;
    std::size_t compacted_bytes_ = 0;
    Duration retry_after_;
    bool closing_ = false, giving_up_ = false;
    bool read_ = false;   // the log, once
    bool stale_ = false;  // it has more
    bool wrote_ = false, woken_ = false;
    bool failing_ = false;   // until the next try
    bool reported_ = false;  // until it works again
};

}  // namespace seance::signaling::sync
