#include "platform/process/restart_policy.hpp"

#include <algorithm>

namespace seance::process {

std::optional<Duration> RestartPolicy::after(const ExitStatus& exit, Duration healthy_for) {
    if (rule_ == stack::Restart::Never) return std::nullopt;
    if (rule_ == stack::Restart::OnFailure && exit.success()) return std::nullopt;
    if (healthy_for >= kForgiveAfter) next_wait_ = Duration{0};
    const auto wait = next_wait_;
    next_wait_ = wait == Duration{0} ? kFirstWait : std::min(wait * 2, kLongestWait);
    return wait;
}

}  // namespace seance::process
