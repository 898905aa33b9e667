#pragma once
#include <string>

#include "core/base/duration.hpp"

namespace seance::cli {

// From now on Ctrl-C and SIGTERM end this process with 130, without a word: what only looks leaves nothing.
void end_on_signals();

// Waits between two looks.
void pause_for(Duration time);

// What replaces the screen's content; as it is where there is no terminal.
std::string redrawn(const std::string& text, bool terminal);

}  // namespace seance::cli
