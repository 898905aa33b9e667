#include "core/runtime/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace seance {

void forbid_core_dumps() {
    rlimit limit{};
    bool done = ::getrlimit(RLIMIT_CORE, &limit) == 0;
    limit.rlim_cur = 0;
    done = done && ::setrlimit(RLIMIT_CORE, &limit) == 0 && ::prctl(PR_SET_DUMPABLE, 0) == 0;
    if (!done) throw std::system_error(errno, std::generic_category(), "cannot forbid core dumps");
}

}  // namespace seance
