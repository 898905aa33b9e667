#include "core/runtime/short_turns.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace seance {
namespace {

// sched_setattr(2). glibc knows it from 2.41 on, and the kernel's header cannot stand beside <sched.h>.
struct Attributes {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(Attributes) == 48);

bool read_attributes(Attributes& attributes) {
    return ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0U) == 0;
}

}  // namespace

bool take_short_turns(Duration slice) {
    Attributes wanted{};
    if (!read_attributes(wanted) || wanted.policy != SCHED_OTHER) return false;
    wanted.size = sizeof wanted;
    wanted.flags = 0;
    wanted.runtime = static_cast<std::uint64_t>(slice.count());
    if (::syscall(SYS_sched_setattr, 0, &wanted, 0U) != 0) return false;
    Attributes now{};
    return read_attributes(now) && now.runtime == wanted.runtime;  // an older kernel ignores it silently
}

}  // namespace seance
