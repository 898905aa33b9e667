#pragma once
#include <string>

#include "cli/terminal/style.hpp"
#include "platform/targets/local/status.hpp"

namespace seance::cli {

// The services of a running stack, a line each, and where it is reached.
std::string print_status(const local::StackView& view, const Style& style);

}  // namespace seance::cli
