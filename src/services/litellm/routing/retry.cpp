#include "services/litellm/routing/retry.hpp"

#include <algorithm>

namespace seance::litellm {

bool may_retry(const ApiError& error, const AfterFailure& left) {
    auto kind = error.error_class();
    if (kind == ErrorClass::ContextWindow && left.has_context_window_fallbacks) return false;
    if (kind == ErrorClass::ContentPolicy && left.has_content_policy_fallbacks) return false;
    if (left.healthy_left == 0) return false;
    if (error.status == 401) return left.group_size > 1;
    return error.status == 408 || error.status == 409 || error.status == 429 || error.status >= 500;
}

int retries_for(ErrorClass kind, std::string_view group, std::optional<int> asked,
                std::optional<int> of_deployment, const RoutingSettings& settings) {
    if (asked) return *asked;
    if (auto own = settings.group_retry_policy.find(group); own != settings.group_retry_policy.end())
        if (auto number = own->second.find(kind)) return *number;
    if (auto number = settings.retry_policy.find(kind)) return *number;
    return of_deployment.value_or(settings.num_retries);
}

Duration delay_before_retry(const ApiError& error, int retries, bool another_healthy,
                            const RoutingSettings& settings, double random) {
    if (another_healthy) return Duration{0};
    if (error.retry_after && *error.retry_after > Duration{0} &&
        *error.retry_after <= std::chrono::seconds(60))
        return std::max(settings.retry_after, *error.retry_after);
    auto seconds = std::min(8.0, 0.5 * static_cast<double>(1u << std::clamp(retries, 0, 10)) + 0.75 * random);
    return std::max(settings.retry_after,
                    std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

}  // namespace seance::litellm
