#pragma once
#include "platform/targets/railway/apply_run.hpp"

namespace seance::railway {

// Which changes may be made at the same time, in the order in which they are made.
enum class Phase { Things, Attachments, Configuration, Dns, Deployments, Removals };
Phase phase_of(const plan::Change& change);

// Carries out those of run.plan that belong to `phase`, side by side; deployments are not among them. The
// first trouble of any, once all have ended.
Awaitable<MaybeTrouble> make_changes(ApplyRun& run, Phase phase);

}  // namespace seance::railway
