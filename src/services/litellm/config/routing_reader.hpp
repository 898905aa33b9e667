#pragma once
#include "services/litellm/config/node.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

// What litellm_settings and router_settings say of retries, cooldowns, fallbacks, timeouts and the choice of
// deployments; where both say something, router_settings wins.
RoutingSettings read_routing(const Node& litellm_settings, const Node& router_settings, Notes& notes);

// max_budget and budget_duration of a map; nothing without a limit.
std::optional<Budget> read_budget(const Node& map, std::string_view limit_key, std::string_view period_key,
                                  Notes& notes);

}  // namespace seance::litellm
