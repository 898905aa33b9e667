#include "platform/process/exit_status.hpp"

#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>

namespace seance::process {

std::string ExitStatus::text() const {
    if (signal == 0) return fmt::format("exit code {}", code);
    const char* name = sigabbrev_np(signal);
    return fmt::format("killed by SIG{} ({})", name ? name : "?", signal);
}

ExitStatus ExitStatus::from_wait(int status) {
    if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
    return {WEXITSTATUS(status), 0};
}

}  // namespace seance::process
