#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/commands/checks.hpp"
#include "cli/remote/reach.hpp"

namespace seance::cli {

// Public names by service that Railway has not verified, so that it answers 404 for them whatever the service
// does. None if Railway cannot be asked.
std::map<std::string, std::string> unverified_names(Reach& reach, const Manifest& manifest);

// Says so in what the checks of these services saw, with where to look. True if all that failed are theirs.
bool blame_names(std::vector<CheckResult>& results, const std::map<std::string, std::string>& unverified,
                 const std::string& command);

}  // namespace seance::cli
