#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/handlers/gateway.hpp"
#include "services/litellm/handlers/relay.hpp"

namespace seance::litellm {

// One deployment under examination, and what came of it.
struct HealthCheck {
    std::shared_ptr<const Deployment> deployment;
    std::shared_ptr<CallScope> scope;  // of the wait; null in a background check's result
    std::string model, api_base;
    std::optional<std::string> problem;
};
using HealthChecks = std::vector<std::shared_ptr<HealthCheck>>;

// Calls the deployment once with a short request; sets `problem`, or leaves it empty if it answers.
Awaitable<void> examine(Gateway& gateway, std::shared_ptr<const ModelTable> models,
                        std::shared_ptr<HealthCheck> check);

// All of `checks` at once.
Awaitable<void> examine_all(Gateway& gateway, std::shared_ptr<const ModelTable> models, HealthChecks checks);
std::shared_ptr<HealthCheck> make_check(Gateway& gateway, std::shared_ptr<const Deployment> deployment);

// background_health_checks: on one loop, again and again; every loop shows the last result.
Awaitable<void> check_in_background(Gateway& gateway, const bool& stopping);
std::shared_ptr<const HealthChecks> last_background_checks();  // null before the first

}  // namespace seance::litellm
