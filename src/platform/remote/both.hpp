#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "core/runtime/awaitable.hpp"

namespace seance::remote {

// Both at the same time, and both to their end: what one throws comes out when the other is done.
template <class A, class B>
Awaitable<std::pair<A, B>> both(Awaitable<A> first, Awaitable<B> second) {
    auto executor = co_await asio::this_coro::executor;
    asio::experimental::wait_for_all all;
    auto [order, first_failure, first_value, second_failure, second_value] =
        co_await asio::experimental::make_parallel_group(
            asio::co_spawn(executor, std::move(first), asio::deferred),
            asio::co_spawn(executor, std::move(second), asio::deferred))
            .async_wait(all, kAwaitOrThrow);
    if (first_failure) std::rethrow_exception(first_failure);
    if (second_failure) std::rethrow_exception(second_failure);
    std::pair<A, B> values(std::move(first_value), std::move(second_value));
    co_return values;
}

}  // namespace seance::remote
