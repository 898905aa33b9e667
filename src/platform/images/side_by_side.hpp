#pragma once
#include <exception>
#include <functional>

#include "core/runtime/awaitable.hpp"
#include "core/runtime/task_group.hpp"

namespace seance::images {

// Runs `count` tasks that `make` gives and returns when all have ended. If the caller is cancelled meanwhile,
// the tasks are, too, and have ended before the cancellation goes on: they may refer to what the caller
// holds.
inline Awaitable<void> run_side_by_side(unsigned count, std::function<Awaitable<void>()> make) {
    TaskGroup tasks(co_await asio::this_coro::executor);
    for (unsigned i = 0; i < std::max(count, 1u); ++i) tasks.spawn(make());
    std::exception_ptr interrupted;
    try {
        co_await tasks.wait();
    } catch (...) {
        interrupted = std::current_exception();
    }
    if (!interrupted) co_return;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    tasks.cancel();
    co_await tasks.wait();
    std::rethrow_exception(interrupted);
}

}  // namespace seance::images
