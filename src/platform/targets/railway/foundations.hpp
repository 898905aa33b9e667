#pragma once
#include "platform/targets/railway/apply_run.hpp"

namespace seance::railway {

// The project and the environment, made where they are not there: sets run.place.
Awaitable<MaybeTrouble> find_foundations(ApplyRun& run);

// What fingerprints of variables are made with, as a shared variable; no service ever gets it.
Awaitable<MaybeTrouble> ensure_key(ApplyRun& run);

}  // namespace seance::railway
