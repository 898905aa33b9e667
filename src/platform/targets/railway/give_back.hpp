#pragma once
#include "platform/targets/railway/apply_run.hpp"

namespace seance::railway {

// After a deployment that failed, what this run has touched goes back to what it was: image, settings and
// variables; what does not run as it did is deployed again. Gives `trouble` with a hint that says what came
// of it.
Awaitable<plan::Trouble> give_back(ApplyRun& run, plan::Trouble trouble, const Rollout& failed);

}  // namespace seance::railway
