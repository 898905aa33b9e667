#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"

namespace CLI {
class App;
class ParseError;
class Validator;
}  // namespace CLI

namespace seance::cli {

// What is wrong with a command line, and where its reader finds what is right.
struct UsageProblem {
    std::string what, hint;
};

// Says in the words of `seance` what CLI11 found: which command, option or value, and the nearest one there
// is.
UsageProblem explain_usage(const CLI::App& app, const CLI::ParseError& error);

// For options with a whole number within bounds.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

// Of a command that asks: the global --yes in its help, and what it does there.
void tell_yes(CLI::App& command, std::string_view what);

// --wait, for commands that take the deploy lock. `wait` outlives the parsing.
void add_wait(CLI::App& command, Duration& wait);

}  // namespace seance::cli
