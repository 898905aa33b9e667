#pragma once
#include "platform/targets/railway/apply_run.hpp"

namespace seance::railway {

// Until Railway has verified the domains of what was deployed; what is missing of those that it has not is
// named.
Awaitable<MaybeTrouble> wait_for_domains(ApplyRun& run);

}  // namespace seance::railway
