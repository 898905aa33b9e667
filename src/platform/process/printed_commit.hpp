#pragma once
#include <string>
#include <string_view>

#include "core/base/duration.hpp"
#include "core/runtime/awaitable.hpp"
#include "platform/process/child.hpp"

namespace seance::process {

// The last word of what `program --version` prints, if it can be a commit; else "".
std::string printed_commit(std::string_view output);

// Runs the program with --version alone and gives the commit that it prints; "" if it names none in time.
Awaitable<std::string> ask_commit(Launch launch, Duration limit);

}  // namespace seance::process
