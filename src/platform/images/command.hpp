#pragma once
#include <functional>
#include <map>
#include <string>

#include "platform/images/failure.hpp"
#include "platform/process/child.hpp"

namespace seance::images {

struct CommandResult {
    process::ExitStatus status;
    std::string output;  // its last 64 KiB
};

inline constexpr std::size_t kMostOutput = 64 * 1024;

// The variables of this process, for commands that act in the user's name.
std::map<std::string, std::string> own_environment();

// Runs a command to its end, killing it after `limit` (FailureKind::Unreachable). Calls `line` for each line
// of its output, if given. A command that fails is a result; one that cannot be started is FailureKind::User.
Awaitable<Attempt<CommandResult>> run_command(process::Launch launch, Duration limit,
                                              std::function<void(std::string_view line)> line = {});

// For messages: without control characters, one line, not endless.
std::string one_line(std::string_view text);

}  // namespace seance::images
