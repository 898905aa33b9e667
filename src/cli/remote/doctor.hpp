#pragma once
#include "cli/context.hpp"

namespace seance::cli {

// `seance doctor` of an environment out in the world: everything that a deployment needs, looked at without
// changing anything. Gives the exit code.
int remote_doctor(Context& context, const Manifest& manifest);

}  // namespace seance::cli
