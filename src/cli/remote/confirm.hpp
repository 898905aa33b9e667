#pragma once
#include <string_view>

#include "cli/context.hpp"

namespace seance::cli {

// Asks a person at the terminal; --yes answers. False with the context's exit code set: kRefused. `hint`:
// what to do where nobody is there.
bool confirm(Context& context, std::string_view question, std::string_view hint);

}  // namespace seance::cli
