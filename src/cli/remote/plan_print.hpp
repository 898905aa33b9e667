#pragma once
#include <string>

#include "cli/terminal/style.hpp"
#include "platform/plan/plan.hpp"

namespace seance::cli {

// A plan as people read it: a line each change with what it does to traffic, then what is not ours, and the
// sum.
std::string print_plan(const plan::Plan& plan, const std::string& subject, const Style& style);

}  // namespace seance::cli
