#pragma once
#include <string>

#include "cli/commands/checks.hpp"

namespace seance::cli {

// A certificate that ends sooner is a failure: whoever renews it should have done so long ago.
inline constexpr int kLeastDays = 7;

// Whether a public name has a certificate that is trusted, and for how long.
Awaitable<CheckResult> check_certificate(const Outside& outside, std::string service, std::string host);

}  // namespace seance::cli
