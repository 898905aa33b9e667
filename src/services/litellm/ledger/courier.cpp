#include "services/litellm/ledger/courier.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/ledger/spool_segment.hpp"

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

// Entries: more than come in meanwhile, and not so many that admissions would notice: 5 ms of Valkey's.
constexpr std::size_t kBatch = 128, kBatchBytes = 1 << 20;
constexpr auto kDeadline = 2s;  // of a batch; nobody waits for it
constexpr Duration kFirstPause = 50ms, kLongestPause = 2s;
constexpr auto kHouseInterval = 1s;
constexpr int kHouseTurnsToAdopt = 30, kHouseTurnsToForget = 600;

}  // namespace

Courier::Courier(Loop& loop, const LedgerConfig& config, bool adopts)
    : loop_(loop),
      config_(config),
      adopts_(adopts),
      store_(loop, *config.server, kDeadline),
      spool_(config.spool_folder, config.most_spooled),
      posted_(loop.executor()),
      pause_(loop.executor()),
      house_(loop.executor()),
      waiting_(observe::metrics().gauge("seance_litellm_spend_waiting",
                                        "Settled calls on disk that Valkey does not know yet")),
      delivered_(observe::metrics().counter("seance_litellm_spend_delivered_total",
                                            "Settled calls that Valkey knows")),
      lost_(observe::metrics().counter("seance_litellm_spend_lost_total",
                                       "Settled calls lost: disk and memory for them were full")) {
    if (adopts_) adopted_ = Spool::adopt(config_.spool_folder);
    for (auto& spool : adopted_)
        observe::log(observe::Level::Info, "spool_adopted")
            .field("writer", spool->writer())
            .field("entries", spool->waiting());
}

void Courier::start() {
    asio::co_spawn(loop_.executor(), run(shared_from_this(), carry()), asio::detached);
    asio::co_spawn(loop_.executor(), run(shared_from_this(), keep_house()), asio::detached);
}

Awaitable<void> Courier::run(std::shared_ptr<Courier> self, Awaitable<void> work) {
    ++self->running_;
    try {
        co_await std::move(work);
    } catch (const std::exception& error) {
        observe::log(observe::Level::Error, "courier_failed").field("reason", error.what());
    }
    --self->running_;
}

void Courier::configure(const LedgerConfig& config) {
    config_.keep_for = config.keep_for;
    config_.most_records = config.most_records;
}

void Courier::post(std::string_view operations, std::string_view record) {
    bool kept = spool_.append(operations, record);
    if (kept)
        waiting_.add(1);
    else
        lost_.add();
    if (!kept && !std::exchange(losing_, true))
        observe::log(observe::Level::Error, "spend_lost")
            .field("problem", spool_.problem())
            .field("consequence",
                   fmt::format("{} settled calls wait in memory, which is as many as may: what "
                               "the next ones cost is not counted",
                               Spool::kMostInMemory))
            .field("advice", "free room below LITELLM_SPOOL_DIR, or bring Valkey back");
    if (kept) losing_ = false;
    tell_of_disk();
    posted_.notify();
}

void Courier::tell_of_disk() {
    if (spool_.problem() == told_problem_) return;
    bool failed_before = !told_problem_.empty();
    told_problem_ = spool_.problem();
    if (!told_problem_.empty())
        observe::log(observe::Level::Error, "spool_failed")
            .field("problem", told_problem_)
            .field("consequence", "spend waits in memory, and is lost if this process is killed")
            .field("advice",
                   "free room below LITELLM_SPOOL_DIR, or bring Valkey back: the disk is tried again "
                   "every few seconds");
    else if (failed_before)
        observe::log(observe::Level::Info, "spool_recovered").field("waiting", spool_.waiting());
}

Awaitable<bool> Courier::carry_some(Spool& spool) {
    auto entries = spool.oldest(kBatch, kBatchBytes);
    if (entries.empty()) co_return true;
    std::vector<std::string> arguments{spool.writer(), std::to_string(config_.most_records)};
    arguments.reserve(2 + entries.size() * 3);
    for (auto& entry : entries) {
        arguments.push_back(std::to_string(entry.number));
        arguments.emplace_back(entry.operations);
        arguments.emplace_back(entry.record);
    }
    auto before = spool.waiting();
    auto last = entries.back().number;
    std::vector<std::string> no_keys;
    auto reply = co_await store_.run(settle_script(), std::move(no_keys), std::move(arguments));
    if (!reply) co_return false;
    spool.delivered(last);
    delivered_.add(before - std::min(before, spool.waiting()));
    if (&spool == &spool_) waiting_.add(-static_cast<std::int64_t>(entries.size()));
    co_return true;
}

Awaitable<void> Courier::carry() {
    Duration wait = kFirstPause;
    while (!closing_) {
        bool good = true;
        while (good && !adopted_.empty()) {
            good = co_await carry_some(*adopted_.back());
            if (good && adopted_.back()->empty()) adopted_.pop_back();
        }
        while (good && !spool_.empty()) good = co_await carry_some(spool_);
        if (good) {
            wait = kFirstPause;
            if (!closing_) co_await posted_.wait();
            continue;
        }
        pause_.expires_after(wait);
        co_await pause_.async_wait(kAwait);
        wait = std::min<Duration>(wait * 2, kLongestPause);
    }
}

Awaitable<void> Courier::keep_house() {
    bool behind = false;
    for (int turn = 1; !closing_; ++turn) {
        house_.expires_after(kHouseInterval);
        co_await house_.async_wait(kAwait);
        if (closing_) break;
        spool_.settle_on_disk();
        tell_of_disk();
        // What has waited for a whole turn may wait for long: it should survive the machine as well.
        if ((!spool_.empty() && behind) || spool_.sync_fails()) {
            auto flush = [unsynced = spool_.take_unsynced()] { return sync(unsynced); };
            if (!disk_) disk_.emplace(1u);
            auto synced = co_await disk_->run(std::move(flush));
            spool_.after_sync(std::move(synced));
            tell_of_disk();
        }
        behind = !spool_.empty();
        if (!adopts_) continue;
        if (turn % kHouseTurnsToAdopt == 0 && adopted_.empty()) {
            adopted_ = Spool::adopt(config_.spool_folder);
            if (!adopted_.empty()) posted_.notify();
        }
        if (turn % kHouseTurnsToForget == 1) co_await let_go_of_old_records();
    }
}

Awaitable<void> Courier::let_go_of_old_records() {
    if (!config_.keep_for) co_return;
    auto oldest = std::chrono::system_clock::now() -
                  std::chrono::duration_cast<std::chrono::system_clock::duration>(*config_.keep_for);
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(oldest.time_since_epoch()).count();
    std::vector<std::string> words{"XTRIM", store_.key("spend"), "MINID",
                                   std::to_string(std::max<std::int64_t>(ms, 0))};
    co_await store_.command(std::move(words));
}

Awaitable<bool> Courier::settled(Duration limit) {
    auto end = Clock::now() + limit;
    while (!spool_.empty() && Clock::now() < end) co_await sleep_for(1ms);
    co_return spool_.empty();
}

Awaitable<void> Courier::drain() {
    co_await settled(kDeadline);
    closing_ = true;
    posted_.notify();
    pause_.cancel();
    house_.cancel();
    while (running_ > 0) co_await sleep_for(1ms);
}

}  // namespace seance::litellm
