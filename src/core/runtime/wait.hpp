#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/runtime/awaitable.hpp"

namespace seance {

inline Awaitable<void> sleep_for(Duration time) {
    auto executor = co_await asio::this_coro::executor;
    Timer timer{executor, time};
    co_await timer.async_wait(kAwait);
}

// First to finish wins: the work's result, or asio::error::timed_out with the work cancelled and gone. It
// allocates: the HTTP core's own waits use Deadline instead.
template <class T>
Awaitable<Result<T>> with_deadline(Duration limit, Awaitable<Result<T>> work) {
    auto executor = co_await asio::this_coro::executor;
    Timer timer{executor, limit};
    asio::experimental::wait_for_one first_to_finish;
    auto [order, failure, value, ignored] =
        co_await asio::experimental::make_parallel_group(
            asio::co_spawn(executor, std::move(work), asio::deferred), timer.async_wait(asio::deferred))
            .async_wait(first_to_finish, kAwaitOrThrow);
    if (order[0] == 1) co_return error_code{asio::error::timed_out};
    if (failure) std::rethrow_exception(failure);
    co_return std::move(value);
}

}  // namespace seance
