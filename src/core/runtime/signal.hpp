#pragma once
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "core/runtime/awaitable.hpp"

namespace seance {

// Lets one coroutine wait until another part of the same loop calls notify(). A notification with nobody
// waiting is kept, once. One waiter at a time. Waiting ends without notification when the task is cancelled.
class Signal {
  public:
    explicit Signal(Executor executor) : timer_(executor) {}

    void notify() {
        if (!waiting_)
            pending_ = true;
        else if (std::exchange(waiting_, false))
            timer_.cancel();
    }

    Awaitable<void> wait() {
        if (std::exchange(pending_, false)) co_return;
        waiting_ = true;
        // A timer that never ends: its context owns the waiting coroutine, and frees it when the loop goes.
        timer_.expires_at(Instant::max());
        co_await timer_.async_wait(kAwait);
        waiting_ = false;
    }

  private:
    Timer timer_;
    bool pending_ = false, waiting_ = false;
};

}  // namespace seance
