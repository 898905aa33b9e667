#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "core/runtime/awaitable.hpp"

namespace seance {

// Lets one coroutine wait until another part of the same loop calls notify(). A notification with nobody
// waiting is kept, once. One waiter at a time.
class Signal {
  public:
    explicit Signal(Executor executor) : executor_(executor) {}

    void notify() {
        if (!waiter_) {
            pending_ = true;
            return;
        }
        asio::post(executor_, [waiter = std::move(waiter_)]() mutable { waiter->complete(); });
    }

    Awaitable<void> wait();

  private:
    struct Waiter {
        virtual ~Waiter() = default;
        virtual void complete() = 0;
    };
    template <class Handler>
    struct WaiterOf final : Waiter {
        explicit WaiterOf(Handler h) : handler(std::move(h)) {}
        void complete() override { std::move(handler)(); }
        Handler handler;
    };

    auto suspend() {
        return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
            [this](auto handler) {
                waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler));
            },
            kUseAwaitable);
    }

    static constexpr asio::use_awaitable_t<Executor> kUseAwaitable{};
    Executor executor_;
    std::unique_ptr<Waiter> waiter_;
    bool pending_ = false;
};

inline Awaitable<void> Signal::wait() {
    if (std::exchange(pending_, false)) co_return;
    co_await suspend();
}

}  // namespace seance
