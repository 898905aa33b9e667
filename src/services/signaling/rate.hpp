#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/base/duration.hpp"

namespace seance::signaling {

// What a connection has had of what it may have so much of a second, less what time has forgiven.
class Spent {
  public:
    float at(std::uint64_t per_second, Instant now) {
        auto ms = static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
        // The difference is right also where the milliseconds wrap around, after 49 days.
        spent_ =
            std::max(0.0F, spent_ - static_cast<float>(ms - at_) * static_cast<float>(per_second) / 1000);
        at_ = ms;
        return spent_;
    }
    void add(float amount) { spent_ += amount; }

  private:
    float spent_ = 0;
    std::uint32_t at_ = 0;
};

// How many messages a connection may send: so many a second, and after a silence up to two seconds' worth at
// once.
class Rate {
  public:
    // False: one too many.
    bool take(std::uint64_t per_second, Instant now) {
        if (spent_.at(per_second, now) + 1 > static_cast<float>(per_second) * 2) return false;
        spent_.add(1);
        return true;
    }

  private:
    Spent spent_;
};

}  // namespace seance::signaling
