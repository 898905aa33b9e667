#pragma once
#include "core/runtime/awaitable.hpp"

namespace seance::process {

// Lets any number of coroutines of one loop wait until something has changed; each then looks for itself:
//   while (!ready()) co_await changes.wait();
class Changes {
  public:
    explicit Changes(Executor executor) : never_(executor, Instant::max()) {}

    void notify() { never_.cancel(); }
    Awaitable<void> wait() { co_await never_.async_wait(kAwait); }

  private:
    Timer never_;
};

}  // namespace seance::process
