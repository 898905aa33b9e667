#include "core/runtime/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "core/observe/log.hpp"

namespace seance {

std::uint64_t allow_open_files(std::uint64_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return limit.rlim_cur;
    auto raise = [&](rlim_t soft, rlim_t hard) {
        rlimit higher{soft, hard};
        return ::setrlimit(RLIMIT_NOFILE, &higher) == 0;
    };
    bool raised = wanted > limit.rlim_max && raise(wanted, wanted);  // for root, within the kernel's nr_open
    if (!raised) raise(std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        observe::log(observe::Level::Warning, "open_files_limited")
            .field("limit", static_cast<std::uint64_t>(limit.rlim_cur))
            .field("wanted", wanted)
            .field("consequence",
                   "no more files and connections than the limit at once; raise it with ulimit -n, "
                   "LimitNOFILE or nofile");
    return limit.rlim_cur;
}

}  // namespace seance
