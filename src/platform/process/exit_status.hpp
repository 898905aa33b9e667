#pragma once
#include <string>

namespace seance::process {

// How a process ended: with an exit code, or by a signal.
struct ExitStatus {
    int code = 0;
    int signal = 0;

    bool success() const { return code == 0 && signal == 0; }
    std::string text() const;  // "exit code 3", "killed by SIGKILL (9)"
    static ExitStatus from_wait(int status);
};

}  // namespace seance::process
