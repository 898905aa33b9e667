#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "core/runtime/loop.hpp"

namespace seance::testing_support {

// A loop that runs on its own thread until the end of the test.
class LoopThread {
  public:
    LoopThread() : thread_([this] { loop_.run(); }) {}
    ~LoopThread() { stop(); }

    Loop& loop() { return loop_; }

    // Runs a function on the loop and waits for it.
    template <class Function>
    auto on_loop(Function function) {
        std::packaged_task<decltype(function())()> task(std::move(function));
        auto result = task.get_future();
        asio::post(loop_.executor(), [&task] { task(); });
        return result.get();
    }

    // Runs a coroutine on the loop and waits for its value.
    template <class T>
    T await(Awaitable<T> work) {
        std::promise<T> promise;
        auto result = promise.get_future();
        asio::co_spawn(loop_.executor(), std::move(work), [&promise](std::exception_ptr failure, T value) {
            if (failure)
                promise.set_exception(failure);
            else
                promise.set_value(std::move(value));
        });
        return result.get();
    }

    void stop() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

  private:
    Loop loop_;
    std::thread thread_;
};

}  // namespace seance::testing_support
