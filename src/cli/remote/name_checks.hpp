#pragma once
#include <string>
#include <vector>

#include "cli/commands/checks.hpp"
#include "platform/plan/live.hpp"
#include "platform/plan/wanted.hpp"

namespace seance::cli {

// Of each public name: whether Railway has verified it, and whether its records are at Cloudflare as they
// should be. `no_records_because`: why those could not be read.
std::vector<CheckResult> check_names(const plan::Wanted& outline, const plan::Live& live,
                                     const std::string& no_records_because);

// Whether answers come through Cloudflare's proxy, as their health answers told.
std::vector<CheckResult> check_proxied(const std::vector<CheckResult>& health);

}  // namespace seance::cli
