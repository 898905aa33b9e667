#pragma once
#include <string>

#include "cli/terminal/style.hpp"
#include "platform/targets/local/status.hpp"

namespace seance::cli {

// The services of a running stack, a line each, and where it is reached.
// One line about a service whose state has changed: "● backend healthy".
std::string print_change(const Style& style, std::string_view name, std::string_view state,
                         std::string_view detail);

std::string print_status(const local::StackView& view, const Style& style);

}  // namespace seance::cli
