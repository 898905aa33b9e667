#pragma once
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "core/runtime/loop.hpp"

namespace seance::test {

// Runs the loop until `task` has ended; what it throws comes out here.
inline void run(Loop& loop, Awaitable<void> task) {
    std::exception_ptr failure;
    asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr thrown) {
        failure = thrown;
        loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    loop.context().restart();
}

}  // namespace seance::test
