#pragma once
#include <map>
#include <set>
#include <string>

#include "platform/stack/stack.hpp"

namespace seance::cli {

using Values = std::map<std::string, std::string>;

// The environment of the stack that runs on this machine, from which a rehearsal knows how to stay on it;
// null if there is none.
const stack::Environment* local_environment(const stack::Stack& stack);

// What the processes of a rehearsal get over the variables that are deployed, by service: addresses of the
// outside world (those that the local environment takes from its sinks), and how a bucket is addressed here.
std::map<std::string, Values> rehearsal_run_env(const stack::Stack& stack,
                                                const stack::Environment& environment);

// A made-up value for each secret that the environment declares, requires or refers to. `given` values are
// kept. A secret that the local environment makes from another one is made in the same way.
Values rehearsal_secrets(const stack::Stack& stack, const stack::Environment& environment, Values given);

}  // namespace seance::cli
