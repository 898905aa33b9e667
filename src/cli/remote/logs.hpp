#pragma once
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/log_text.hpp"

namespace seance::cli {

struct LogsOptions {
    bool follow = false;
    std::vector<std::string> services;  // none: all
    std::string since;                  // as given
    std::size_t lines = 0;              // 0: not given
    LogFilter filter;
    // Of environments out in the world alone.
    bool build = false;
    std::string deployment;

    bool only_remote() const { return build || !deployment.empty(); }
};

// `seance logs` of an environment out in the world. Gives the exit code.
int remote_logs(Context& context, const Manifest& manifest, const LogsOptions& options);

}  // namespace seance::cli
