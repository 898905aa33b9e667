#pragma once
#include <optional>
#include <string>

#include "cli/remote/prepare.hpp"

namespace seance::cli {

// "ada@laptop, process 4711": who holds the deploy lock.
std::string owner();

// A login for images that are not public: registry_user and registry_password of the secrets' group `seance`.
std::optional<railway::RegistryLogin> registry_login(const Secrets& secrets);

// In a rehearsal time is short: waits as well.
void hurry(railway::ApplyOptions& options, const Addresses& addresses);

// The checks of `seance verify` on an environment out in the world: each service's health over its public
// name with the commit that answers, the declared checks, names and certificates. Tried again for a while,
// since what was just deployed may take a moment to be reachable. kDone or kCheckFailed.
int verify_outside(Context& context, Prepared& prepared, const plan::Report& report);

}  // namespace seance::cli
