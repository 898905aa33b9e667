#include "core/runtime/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "core/observe/log.hpp"

namespace seance {

void allow_open_files(std::uint64_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        observe::log(observe::Level::Warning, "open_files_limited")
            .field("limit", static_cast<std::uint64_t>(limit.rlim_cur))
            .field("wanted", wanted);
}

}  // namespace seance
