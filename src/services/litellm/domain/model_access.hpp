#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/api_error.hpp"

namespace seance::litellm {

// model_info.access_groups of a configuration: group name → public names (patterns among them).
using AccessGroups = std::map<std::string, std::set<std::string>, std::less<>>;
AccessGroups read_access_groups(const Config& config);

// Whether a list of models (of a key, team or user) names this one: reference, section 7. `team` is what
// all-team-models stands for.
bool allows_model(const std::vector<std::string>& list, std::string_view model, const AccessGroups& groups,
                  const std::vector<std::string>& team);

// `whose`: "key", "team" or "user".
ApiError model_denied(std::string_view whose, std::string_view model, const std::vector<std::string>& list);

}  // namespace seance::litellm
