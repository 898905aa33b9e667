#include "core/runtime/deadline.hpp"

#include <ctime>

namespace seance {
namespace {

// A tick (1–4 ms) old at most, and a quarter of the price of steady_clock::now(), which it shares its epoch
// with.
Instant coarse_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return Instant(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Deadline::Deadline(Deadlines& deadlines, OnPass on_pass, void* owner) : on_pass_(on_pass), owner_(owner) {
    deadlines.list_.push_back(*this);
}

void Deadline::arm(Duration limit) {
    at_ = coarse_now() + limit;
    passed_ = false;
}

void Deadlines::sweep(Instant now) {
    for (auto at = list_.begin(); at != list_.end();) {
        Deadline& deadline = *at++;
        if (deadline.at_ > now) continue;
        deadline.disarm();
        deadline.passed_ = true;
        deadline.on_pass_(deadline.owner_);
    }
}

}  // namespace seance
