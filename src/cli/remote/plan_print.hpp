#pragma once
#include <string>

#include "cli/terminal/style.hpp"
#include "platform/plan/plan.hpp"

namespace seance::cli {

// A plan as people read it: a line each change with what it does to traffic, then what is not ours, and the
// sum. Settings and variables of a service that is new are one line each, unless `whole`.
std::string print_plan(const plan::Plan& plan, const std::string& subject, const Style& style,
                       bool whole = false);

}  // namespace seance::cli
