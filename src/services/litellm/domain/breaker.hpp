#pragma once
#include <algorithm>

#include "core/base/duration.hpp"

namespace seance::litellm {

// Keeps callers from waiting for a server that does not answer: after `kFailures` failures one after the
// other nobody is let through, but for one probe each pause. Calls that were under way together when one of
// them failed met the same fault: they count once, so that a pause of the server that fails a hundred calls
// is one failure and not a hundred.
class Breaker {
  public:
    static constexpr int kFailures = 3;
    static constexpr Duration kFirstPause = std::chrono::milliseconds(100),
                              kLongestPause = std::chrono::seconds(2);

    // Whether a caller may try. One that did reports how it went, unless it was called off.
    bool allow(Instant now) {
        if (!open()) return true;
        if (now < next_) return false;
        next_ = now + pause_;  // the next one, should this probe never report
        return true;
    }
    void succeeded() {
        failures_ = 0;
        pause_ = kFirstPause;
    }
    // `began`: when allow() let the failed caller through.
    void failed(Instant began, Instant now) {
        if (began < counted_) return;
        counted_ = now;
        if (!open() && ++failures_ < kFailures) return;
        next_ = now + pause_;
        pause_ = std::min(pause_ * 2, kLongestPause);
    }
    bool open() const { return failures_ >= kFailures; }

  private:
    int failures_ = 0;
    Instant counted_{}, next_{};  // when a failure was last counted; when the next probe may go
    Duration pause_ = kFirstPause;
};

}  // namespace seance::litellm
