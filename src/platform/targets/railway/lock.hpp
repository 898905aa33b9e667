#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/runtime/signal.hpp"
#include "platform/targets/railway/api.hpp"

namespace seance::railway {

// Who deploys an environment: kept in the environment itself, as a shared variable, so that it holds between
// machines. A holder renews its heartbeat; without one for kStale it is taken for dead.
struct LockHolder {
    std::string nonce;  // of one run
    std::string owner;  // "ada@laptop, process 4711"
    std::string commit;
    std::int64_t since = 0, heartbeat = 0;  // seconds since 1970

    std::string print() const;
    static std::optional<LockHolder> parse(std::string_view text);
    bool is_stale(std::int64_t now) const;
};

inline constexpr Duration kHeartbeat = std::chrono::seconds(20), kStale = std::chrono::seconds(60);

// Railway has no compare-and-set: the holder writes and reads back after `settle`, by when two that began
// together see the same last writer, and looks again with each heartbeat. Losing it is told by `lost()`.
class DeployLock {
  public:
    struct Options {
        std::string owner, commit;
        Duration settle = std::chrono::milliseconds(300);
        Duration heartbeat = kHeartbeat;
    };
    // A Failure of kind User with a sentence that names the holder if somebody has it.
    static Awaitable<Reply<std::shared_ptr<DeployLock>>> take(Api& api, ProjectId project,
                                                              EnvironmentId environment, Options options);
    // Removes it if it is still ours; also the one of a dead holder that was taken over.
    Awaitable<void> release();
    bool lost() const { return lost_; }

    DeployLock(Api& api, ProjectId project, EnvironmentId environment, Options options);

  private:
    static Awaitable<void> beat(std::shared_ptr<DeployLock> self);
    Awaitable<Reply<void>> write(std::string text);
    Awaitable<Reply<std::optional<LockHolder>>> read();

    Api& api_;
    ProjectId project_;
    EnvironmentId environment_;
    Options options_;
    LockHolder own_;
    Timer timer_;
    Signal written_;
    bool lost_ = false, released_ = false, writing_ = false;
};

}  // namespace seance::railway
