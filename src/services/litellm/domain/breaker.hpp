#pragma once
#include <algorithm>

#include "core/base/duration.hpp"

namespace seance::litellm {

// Keeps callers from waiting for a server that does not answer: after `kFailures` failures in a row nobody
// is let through, but for one probe now and then.
class Breaker {
  public:
    static constexpr int kFailures = 5;
    static constexpr Duration kFirstPause = std::chrono::milliseconds(100),
                              kLongestPause = std::chrono::seconds(2);

    // Whether a caller may try. One that may must report how it went.
    bool allow(Instant now) {
        if (failures_ < kFailures) return true;
        if (now < next_) return false;
        next_ = now + kLongestPause;  // until this probe has ended
        return true;
    }
    void succeeded() {
        failures_ = 0;
        pause_ = kFirstPause;
    }
    void failed(Instant now) {
        if (++failures_ < kFailures) return;
        failures_ = kFailures;
        next_ = now + pause_;
        pause_ = std::min(pause_ * 2, kLongestPause);
    }
    bool open() const { return failures_ >= kFailures; }

  private:
    int failures_ = 0;
    Instant next_{};
    Duration pause_ = kFirstPause;
};

}  // namespace seance::litellm
