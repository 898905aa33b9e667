#pragma once
#include <boost/asio/cancellation_signal.hpp>
#include <list>
#include <memory>

#include "core/runtime/awaitable.hpp"
#include "core/runtime/signal.hpp"

namespace seance {

// Owns the coroutines spawned into it, all on one loop. An exception that leaves a task is logged once and
// ends that task alone. Destroy it only when empty: cancel(), then co_await wait(); or when its loop has been
// stopped for good, as at the end of a drain's time: then tasks go with the loop's context, which may be
// later.
class TaskGroup {
  public:
    explicit TaskGroup(Executor executor) : executor_(executor), emptied_(executor) {}
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Awaitable<void> task);
    void cancel();
    Awaitable<void> wait();  // until no task is left
    std::size_t size() const { return tasks_.size(); }

  private:
    Executor executor_;
    std::list<std::shared_ptr<asio::cancellation_signal>> tasks_;
    Signal emptied_;
    bool waiting_ = false;
};

}  // namespace seance
