#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/runtime/awaitable.hpp"

namespace seance {

// Threads for what would hold up a loop: disk, and computing for longer than a millisecond. Destroy it before
// the loops that use it; that waits for work in progress.
class Worker {
  public:
    explicit Worker(unsigned threads) : pool_(threads) {}
    ~Worker() { pool_.join(); }

    // Calls work() on a thread and gives what it returned (never void) or threw, back on the caller's loop.
    // Name the lambda before the co_await. The work is not cut short by cancellation.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work) {
        auto job = std::make_shared<Job<Work>>(std::move(work));
        co_await finished(job, co_await asio::this_coro::executor);
        if (job->failure) std::rethrow_exception(job->failure);
        co_return std::move(*job->value);
    }

  private:
    template <class Work>
    struct Job {
        explicit Job(Work w) : work(std::move(w)) {}
        void run() {
            try {
                value.emplace(work());
            } catch (...) {
                failure = std::current_exception();
            }
        }
        Work work;
        std::optional<std::invoke_result_t<Work&>> value;
        std::exception_ptr failure;
    };

    template <class Work>
    Awaitable<void> finished(std::shared_ptr<Job<Work>> job, Executor executor) {
        return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
            [this, job, executor](auto handler) {
                asio::post(pool_, [job, executor, handler = std::move(handler)]() mutable {
                    job->run();
                    asio::post(executor, [handler = std::move(handler)]() mutable { std::move(handler)(); });
                });
            },
            kUseAwaitable);
    }

    static constexpr asio::use_awaitable_t<Executor> kUseAwaitable{};
    asio::thread_pool pool_;
};

}  // namespace seance
