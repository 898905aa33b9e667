#include "services/litellm/routing/cooldown.hpp"

namespace seance::litellm {
namespace {

// Below five requests a single failure would be a large share of them.
constexpr std::uint64_t kLeastForPercentage = 5;
// That many failures without one success tell that even the only deployment is down.
constexpr std::uint64_t kLeastForAll = 1000;

bool cools_down(const ApiError& error, const Outcomes& outcomes, std::size_t group_size,
                const RoutingSettings& settings) {
    auto kind = error.error_class();
    bool counted = error.status >= 500 || error.status == 401 || error.status == 404 || error.status == 408 ||
                   error.status == 429;
    if (settings.disable_cooldowns || kind == ErrorClass::Connection || !counted) return false;
    if (auto allowed = settings.allowed_fails_policy.find(kind))
        return outcomes.failed_of_class > static_cast<std::uint64_t>(std::max(0, *allowed));
    if (settings.allowed_fails)
        return outcomes.failed > static_cast<std::uint64_t>(std::max(0, *settings.allowed_fails));
    if (error.status == 401 || error.status == 404) return true;
    if (outcomes.failed == outcomes.ended && outcomes.ended >= kLeastForAll) return true;
    if (group_size <= 1) return false;
    if (error.status == 429) return true;
    return outcomes.ended >= kLeastForPercentage && outcomes.failed * 2 > outcomes.ended;
}

}  // namespace

std::optional<Duration> cooldown_after(const ApiError& error, const Outcomes& outcomes,
                                       std::size_t group_size, std::optional<Duration> of_deployment,
                                       const RoutingSettings& settings) {
    if (!cools_down(error, outcomes, group_size, settings)) return std::nullopt;
    auto time = error.retry_after ? *error.retry_after : of_deployment.value_or(settings.cooldown_time);
    return time > Duration{0} ? std::optional<Duration>(time) : std::nullopt;
}

Outcomes count_success(DeploymentState& state, Instant now) {
    auto minute = minute_of(now);
    state.last_failed.store(false, std::memory_order_relaxed);
    return {state.ended.add(minute), state.failed.read(minute), 0};
}

Outcomes count_failure(DeploymentState& state, ErrorClass kind, Instant now) {
    auto minute = minute_of(now);
    state.last_failed.store(true, std::memory_order_relaxed);
    return {state.ended.add(minute), state.failed.add(minute),
            state.failed_by_class[static_cast<std::size_t>(kind)].add(minute)};
}

}  // namespace seance::litellm
