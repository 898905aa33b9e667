#pragma once
#include <optional>
#include <vector>

#include "cli/remote/outline.hpp"
#include "platform/releases/history.hpp"

namespace seance::cli {

// The environment's releases, newest first; the context's exit code is set if they cannot be had.
std::optional<std::vector<releases::Release>> read_releases(Context& context, Reach& reach,
                                                            const railway::Whereabouts& where);

}  // namespace seance::cli
