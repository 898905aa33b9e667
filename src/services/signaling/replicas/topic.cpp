#include "services/signaling/replicas/topic.hpp"

#include <algorithm>

namespace seance::signaling {

void SharedTopic::greet(Instant now) {
    state = State::Greeting;
    greeted_ = now;
    awaited_ = -1;
    answered_.clear();
}

bool SharedTopic::greeting_reached(std::int64_t others) {
    awaited_ = std::max<std::int64_t>(0, others);
    if (others != 0) listened = true;
    return ready_if_answered();
}

bool SharedTopic::answered_by(Presence::Node other) {
    listened = true;
    if (state == State::Asked) return false;
    if (std::find(answered_.begin(), answered_.end(), other) == answered_.end()) answered_.push_back(other);
    return ready_if_answered();
}

bool SharedTopic::give_up_greeting(Instant now, Duration limit) {
    if (state != State::Greeting || now - greeted_ < limit) return false;
    state = State::Ready;
    return true;
}

bool SharedTopic::ready_if_answered() {
    if (state != State::Greeting || misses_answers()) return false;
    state = State::Ready;
    return true;
}

}  // namespace seance::signaling
