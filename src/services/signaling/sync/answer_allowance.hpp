#pragma once
#include "services/signaling/rate.hpp"

namespace seance::signaling::sync {

// How much a connection may be answered: a question of three bytes is answered with a whole document. So many
// bytes a second, and after a silence ten seconds' worth at once; an answer of any size is given whole once
// there is anything left, so none is ever too large.
class AnswerAllowance {
  public:
    static constexpr std::uint64_t kSecondsAtOnce = 10;

    bool left(std::uint64_t per_second, Instant now) {
        return spent_.at(per_second, now) < static_cast<float>(per_second * kSecondsAtOnce);
    }
    void spend(std::size_t bytes) { spent_.add(static_cast<float>(bytes)); }

  private:
    Spent spent_;
};

}  // namespace seance::signaling::sync
