#pragma once
#include <map>
#include <string>

#include "platform/plan/live.hpp"
#include "platform/targets/railway/model.hpp"

namespace seance::railway {

// Deployment → the variables of seance's bookkeeping that it was started with.
using Snapshots = std::map<DeploymentId, std::map<std::string, std::string>>;

// What a plan compares, from what Railway tells. Zones, records and the bucket are not among it, and names of
// TXT records are complete only after complete_txt_names().
plan::Live to_live(const EnvironmentState& state, const Snapshots& snapshots);

// With the zone of each domain's host (host → name of the zone).
void complete_records(plan::Live& live, const EnvironmentState& state,
                      const std::map<std::string, std::string>& zones);

}  // namespace seance::railway
