#pragma once
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/routing/settings.hpp"
#include "services/litellm/routing/state.hpp"

namespace seance::litellm {

// A deployment's outcomes in this minute, the failure at hand included.
struct Outcomes {
    std::uint64_t ended = 0, failed = 0, failed_of_class = 0;
};

// How long a deployment is left out after a failure (reference, section 6.2); nothing if it stays in.
std::optional<Duration> cooldown_after(const ApiError& error, const Outcomes& outcomes,
                                       std::size_t group_size, std::optional<Duration> of_deployment,
                                       const RoutingSettings& settings);

// Counts an outcome of this minute.
Outcomes count_success(DeploymentState& state, Instant now);
Outcomes count_failure(DeploymentState& state, ErrorClass kind, Instant now);

}  // namespace seance::litellm
