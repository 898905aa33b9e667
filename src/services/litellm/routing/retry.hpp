#pragma once
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

// What is left to try when an attempt has failed.
struct AfterFailure {
    std::size_t group_size = 1;
    std::size_t healthy_left = 1;  // of the group, not cooling down
    bool has_fallbacks = false, has_context_window_fallbacks = false, has_content_policy_fallbacks = false;
};

// Whether another attempt in the same group makes sense (reference, section 6.1), however many are allowed.
bool may_retry(const ApiError& error, const AfterFailure& left);

// How many retries there are for that error: the request's own number, the group's policy, the general
// policy, the deployment's number, the router's.
int retries_for(ErrorClass kind, std::string_view group, std::optional<int> asked,
                std::optional<int> of_deployment, const RoutingSettings& settings);

// `retries`: made already. `another_healthy`: the next attempt goes to another deployment. `random` in [0,
// 1).
Duration delay_before_retry(const ApiError& error, int retries, bool another_healthy,
                            const RoutingSettings& settings, double random);

}  // namespace seance::litellm
