#pragma once
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

#include "core/runtime/loop.hpp"

namespace seance::cli {

// Runs a coroutine on a loop of this thread to its end. Nothing if the loop was stopped before.
template <class T>
std::optional<T> run_on(Loop& loop, Awaitable<T> work) {
    std::optional<T> value;
    std::exception_ptr failure;
    asio::co_spawn(loop.executor(), std::move(work), [&](std::exception_ptr fault, T result) {
        failure = fault;
        if (!fault) value.emplace(std::move(result));
        loop.stop();
    });
    if (loop.context().stopped()) loop.context().restart();
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return value;
}

}  // namespace seance::cli
