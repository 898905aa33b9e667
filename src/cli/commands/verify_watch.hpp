#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/checks.hpp"

namespace seance::cli {

// What has changed from one round of checks to the next: for each check, whether it is good.
class CheckChanges {
  public:
    // Those that are new or another way than before.
    std::vector<CheckResult> take(const std::vector<CheckResult>& results);

  private:
    std::map<std::pair<std::string, std::string>, int> before_;  // good, bad, skipped
};

// Runs `round` again and again until Ctrl-C, telling a line for each change; with --json an object a line.
[[noreturn]] void watch_checks(const Context& context, Duration interval,
                               const std::function<std::vector<CheckResult>()>& round);

}  // namespace seance::cli
