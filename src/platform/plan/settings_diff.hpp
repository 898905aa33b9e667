#pragma once
#include <vector>

#include "platform/plan/plan.hpp"

namespace seance::plan {

// Settings of a service that are not as declared. Without `live` all of them are to be set, which is part of
// making the service and told only where it differs from what the platform does by itself.
std::vector<Change> settings_diff(const WantedService& wanted, const Settings* live);

}  // namespace seance::plan
