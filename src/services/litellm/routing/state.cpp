#include "services/litellm/routing/state.hpp"

namespace seance::litellm {

Instant DeploymentState::cooled_until(Instant now) const {
    Instant until{Duration{until_.load(std::memory_order_relaxed)}};
    return until > now ? until : Instant{};
}

bool DeploymentState::cool_down(Instant until, Instant now) {
    auto stamp = until.time_since_epoch().count();
    auto before = until_.load(std::memory_order_relaxed);
    while (before < stamp)
        if (until_.compare_exchange_weak(before, stamp, std::memory_order_relaxed)) break;
    return Instant{Duration{before}} <= now;
}

}  // namespace seance::litellm
