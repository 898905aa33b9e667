#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/checks.hpp"
#include "cli/remote/prepare.hpp"

namespace seance::cli {

// "ada@laptop, process 4711": who holds the deploy lock.
std::string owner();

// A login for images that are not public: registry_user and registry_password of the secrets' group `seance`.
std::optional<railway::RegistryLogin> registry_login(const Secrets& secrets);

// In a rehearsal time is short: waits as well.
void hurry(railway::ApplyOptions& options, const Addresses& addresses);

struct OutsideOptions {
    std::map<std::string, std::string> commits;  // service → the one that must answer
    std::string only_service;                    // "": all of them
    bool declared = true;                        // the checks of stack.yaml too, beside each one's health
    bool certificates = false;                   // how long each public name's certificate is good
    std::string locked_because;                  // why checks that need a secret are skipped; "" they are not
    Duration patience{}, pause{};                // tried again so long, this often; none: once
};

// Checks each public service under its public name, all at once. `secrets`: what references stand for. The
// context's exit code is set if it was interrupted.
std::vector<CheckResult> check_outside(Reach& reach, const Manifest& manifest, const Secrets& secrets,
                                       const OutsideOptions& options);

// Enough for what was just deployed to be reachable; shorter in a rehearsal.
void be_patient(OutsideOptions& options, const Addresses& addresses);

struct Verified {
    int exit_code = kDone;  // or kCheckFailed
    // All that failed are services whose public name Railway has not verified: nothing is wrong with them.
    bool only_names = false;
};

// The same with steps and a table, after a change.
Verified verify_outside(Context& context, Reach& reach, const Manifest& manifest, const Secrets& secrets,
                        OutsideOptions options, const plan::Report& report);

// After a deployment: each service's health over its public name with the commit that answers, and the
// declared checks. Tried again for a while, since what was just deployed may take a moment to be reachable.
Verified verify_outside(Context& context, Prepared& prepared, const plan::Report& report);

// Where requests for public names go, and what references in checks stand for.
Outside outside_of(Reach& reach, const Manifest& manifest, const Secrets& secrets);

}  // namespace seance::cli
