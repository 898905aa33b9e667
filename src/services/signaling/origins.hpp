#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace seance::signaling {

// Which pages may connect. An entry is an origin ("https://seance.dev", "http://localhost:3000") or one with
// "*." for any name below ("https://*.seance.dev", which is not https://seance.dev itself); "*" is every one.

// What is wrong with an entry, to go on from its text; empty if nothing.
std::string origin_problem(std::string_view entry);

// Whether a request with this Origin may connect; an empty list lets all in. A request without one passes:
// only browsers send it, and keeping other people's pages in browsers out is all that the check can do.
bool origin_allowed(const std::vector<std::string>& entries, std::string_view origin);

}  // namespace seance::signaling
