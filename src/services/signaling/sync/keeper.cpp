#include "services/signaling/sync/keeper.hpp"

#include <algorithm>
#include <utility>

#include "core/observe/log.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstRetry = 100ms, kLongestRetry = 3s;

// A log is compacted when it has doubled since the last time, and when its room is closed and it has grown by
// a quarter or its document has shrunk. Not below these.
constexpr std::size_t kLeastToCompact = 64 << 10, kFewEntries = 16;

constexpr double kSeconds[] = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1};

}  // namespace

KeeperCounters::KeeperCounters()
    : written(observe::metrics().counter("seance_signaling_sync_written_total", "Updates written to logs")),
      failed(observe::metrics().counter("seance_signaling_sync_log_failures_total",
                                        "Tries to read or write a log that failed; each is tried again")),
      denied(observe::metrics().counter("seance_signaling_dropped_total", "Messages not delivered, by reason",
                                        {{"reason", "read_only"}})),
      compactions(observe::metrics().counter("seance_signaling_sync_compactions_total", "Logs compacted")),
      write_seconds(observe::metrics().histogram("seance_signaling_sync_write_seconds",
                                                 "Time to write what was new in a room", kSeconds)) {}

Keeper::Keeper(Loop& loop, std::string name, Room::Limits limits, std::unique_ptr<DocumentLog> log,
               std::function<void(std::string_view)> spread, KeeperCounters& counters)
    : name_(std::move(name)),
      log_(std::move(log)),
      counters_(counters),
      timer_(loop.executor()),
      room_(limits, log_ ? Room::Keeps::Yes : Room::Keeps::No,
            {[this] { wake(); }, std::move(spread), [this] { counters_.denied.add(); }}),
      retry_after_(kFirstRetry) {}

void Keeper::renew() {
    if (log_ && read_) log_->renew();
}

void Keeper::wake() {
    woken_ = true;
    if (failing_)
        room_.settle();  // it is written when that works again; nobody waits for it
    else
        timer_.cancel();
}

void Keeper::close() {
    if (!std::exchange(closing_, true)) room_.forget_deleted();
    timer_.cancel();
}

void Keeper::close_soon() {
    giving_up_ = true;
    close();
}

void Keeper::read_again() {
    stale_ = true;
    wake();
}

Awaitable<void> Keeper::run() {
    if (!log_) {
        while (!closing_ || !room_.empty()) {
            closing_ = false;  // or somebody came meanwhile
            co_await rest();
        }
        co_return;
    }
    while (true) {
        do {
            woken_ = false;
            co_await work();
            if (!done()) co_await rest();
        } while (!done());
        co_await log_->close();
        if (room_.empty()) break;
        closing_ = read_ = false;  // somebody came meanwhile: the log is opened again
    }
}

bool Keeper::done() const {
    bool finished = !room_.has_unwritten() && !(read_ && compaction_is_due());
    return closing_ && room_.empty() && (finished || (giving_up_ && failing_));
}

Awaitable<void> Keeper::work() {
    if (!read_ || stale_ || log_->outdated()) co_await read();
    if (read_ && !failing_ && room_.has_unwritten()) co_await write();
    if (read_ && !failing_ && compaction_is_due()) co_await compact();
}

// Until there is something to do, or to try again.
Awaitable<void> Keeper::rest() {
    if (failing_) {
        timer_.expires_after(retry_after_);
        retry_after_ = std::min(retry_after_ * 2, kLongestRetry);
        co_await timer_.async_wait(kAwait);
        failing_ = false;
        co_return;
    }
    if (woken_) co_return;
    timer_.expires_at(Instant::max());
    co_await timer_.async_wait(kAwait);
}

Awaitable<void> Keeper::read() {
    stale_ = false;
    auto updates = co_await log_->read();
    if (!updates) {
        stale_ = true;
        failed("reading", updates.error());
        room_.remember({});
        room_.settle();
        co_return;
    }
    const bool again = std::exchange(read_, true);
    succeeded();
    room_.remember(*updates);
    if (on_read) on_read(*this);
    if (log_->lost()) {
        observe::log(observe::Level::Warning, "sync_log_lost")
            .field("bytes", std::uint64_t{room_.document().size()});
        room_.write_everything();
    } else if (again && log_->entries() == 0) {
        room_.write_everything();  // what others wrote, and we know of from them alone, is gone
    }
}

Awaitable<void> Keeper::write() {
    auto updates = room_.take_unwritten();
    auto began = Clock::now();
    auto written = co_await log_->append(updates);
    if (written && log_->outdated()) {
        // Perhaps to a log that had lost everything else: nobody is told before that is known.
        room_.put_back(std::move(updates));
        woken_ = true;
    } else if (written) {
        counters_.write_seconds.observe(std::chrono::duration<double>(Clock::now() - began).count());
        counters_.written.add(updates.size());
        wrote_ = true;
        succeeded();
        room_.settle_taken();
        room_.spread_written(updates);
    } else {
        room_.put_back(std::move(updates));
        failed("writing", written.error());
        room_.settle();
    }
}

bool Keeper::compaction_is_due() const {
    if (closing_ && wrote_ && log_->bytes() > std::max(kLeastToCompact, 2 * room_.document().size()))
        return true;
    if (log_->entries() <= kFewEntries) return false;
    if (log_->bytes() > std::max(kLeastToCompact, 2 * compacted_bytes_)) return true;
    return closing_ && wrote_ && log_->bytes() > compacted_bytes_ + compacted_bytes_ / 4;
}

Awaitable<void> Keeper::compact() {
    room_.forget_deleted();
    auto whole = room_.document().all();
    auto done = co_await log_->compact(whole);
    if (!done) {
        failed("compacting", done.error());
    } else if (!*done) {
        stale_ = woken_ = true;
        co_return;
    } else {
        counters_.compactions.add();
    }
    compacted_bytes_ = log_->bytes();  // also after a failure: not again for every update
    wrote_ = false;
}

// Once for an outage, however long it is. A room's name is not for the log.
void Keeper::failed(std::string_view doing, const Problem& problem) {
    counters_.failed.add();
    if (!reported_)
        observe::log(observe::Level::Warning, "sync_log_failed")
            .field("doing", doing)
            .field("reason", problem.what)
            .field("unwritten_bytes", std::uint64_t{room_.unwritten_size()});
    failing_ = reported_ = true;
}

void Keeper::succeeded() {
    if (std::exchange(reported_, false)) observe::log(observe::Level::Info, "sync_log_recovered");
    retry_after_ = kFirstRetry;
}

}  // namespace seance::signaling::sync
