#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/duration.hpp"
#include "core/base/result.hpp"

namespace seance {

namespace asio = boost::asio;

// The concrete executor, so that no call goes through a type-erased one.
using Executor = asio::io_context::executor_type;

// The only coroutine type. On g++ 12, name aggregates and capturing lambdas before a co_await expression that
// takes them: temporaries of those kinds are destroyed twice.
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

// co_await socket.async_read_some(buffer, kAwait) gives the tuple {error_code, n} and throws nothing.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwait{};

using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

// The same for operations without an error_code; a fault is thrown.
inline constexpr asio::use_awaitable_t<Executor> kAwaitOrThrow{};

}  // namespace seance
