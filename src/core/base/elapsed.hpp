#pragma once
#include "core/base/duration.hpp"

namespace seance {

inline double ms_since(Instant start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace seance
