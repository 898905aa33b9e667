#pragma once
#include "core/base/duration.hpp"

namespace seance {

// Asks the kernel to let this thread, and those it starts from then on, run in turns of `slice` (0.1 to
// 100 ms). Its share of a processor is the same as before, but it gets it sooner after it was woken, in
// smaller pieces: what a thread wants that works a little and often while others compute. False where the
// kernel has no such wish (Linux before 6.12, a sandbox, a real-time thread): all stays as it was.
bool take_short_turns(Duration slice);

}  // namespace seance
