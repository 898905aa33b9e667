#pragma once
#include <optional>

#include "core/base/duration.hpp"
#include "platform/process/exit_status.hpp"
#include "platform/stack/stack.hpp"

namespace seance::process {

// When a service that has ended is started again. The first restart is immediate, since most deaths are
// accidents; from then on the wait doubles, so that a service that cannot start does not eat the machine.
// A service that was healthy for a minute starts over with a clean record.
class RestartPolicy {
  public:
    static constexpr Duration kFirstWait = std::chrono::milliseconds(500);
    static constexpr Duration kLongestWait = std::chrono::seconds(30);
    static constexpr Duration kForgiveAfter = std::chrono::seconds(60);

    explicit RestartPolicy(stack::Restart rule) : rule_(rule) {}

    // How long to wait before starting again, or nothing if it stays down. `healthy_for`: its last healthy
    // time.
    std::optional<Duration> after(const ExitStatus& exit, Duration healthy_for);

  private:
    stack::Restart rule_;
    Duration next_wait_{0};
};

}  // namespace seance::process
