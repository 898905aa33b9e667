#pragma once
#include <string>
#include <vector>

namespace seance::railway {

// The lines of a log to be shown once, each where it came first; one that came again says how often:
// "cannot open /nowhere (… 11 more times)". A program that is started again and again says the same each
// time.
std::vector<std::string> fold_log(const std::vector<std::string>& lines);

}  // namespace seance::railway
