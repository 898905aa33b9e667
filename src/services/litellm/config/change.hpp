#pragma once
#include <string>
#include <vector>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// What a new configuration changes, as a person would say it: deployments by name and id, settings by their
// path. Never a value, since it may be a secret.
std::vector<std::string> changes_between(const Config& before, const Config& after);

// Why a running gateway does not take `after` over; empty if it does. Stricter than at start, where anything
// is better than nothing.
std::vector<std::string> reasons_to_refuse(const Config& before, const Config& after);

// Lets deployments that stay as they are keep their counters, cooldowns and calls under way.
void carry_over(Config& after, const Config& before);

}  // namespace seance::litellm
