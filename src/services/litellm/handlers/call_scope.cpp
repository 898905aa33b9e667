#include "services/litellm/handlers/call_scope.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include "core/observe/log.hpp"
#include "core/runtime/signal.hpp"

namespace seance::litellm {

void CallScope::end(Ended why) {
    if (ended_ != Ended::No) return;
    ended_ = why;
    if (stop_) stop_();
    signal_.emit(asio::cancellation_type::terminal);
}

std::function<void()> CallScope::ender_for_client() {
    return [weak = weak_from_this()] {
        if (auto alive = weak.lock()) alive->end(Ended::ClientGone);
    };
}

void CallScope::allow(Duration limit) {
    if (ended_ == Ended::TimedOut) ended_ = Ended::No;
    at_ = Clock::now() + limit;
    // A later limit is noticed when the timer fires: streams extend theirs with every piece.
    if (watching_ && timer_.expiry() <= at_) return;
    watch();
}

void CallScope::allow_forever() {
    at_ = Instant::max();
}

void CallScope::watch() {
    watching_ = true;
    timer_.expires_at(at_);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
        auto self = weak.lock();
        if (!self || error) return;
        self->watching_ = false;
        if (self->at_ == Instant::max()) return;
        if (Clock::now() < self->at_) return self->watch();
        self->end(Ended::TimedOut);
    });
}

Awaitable<bool> CallScope::run(Awaitable<void> work) {
    if (ended_ != Ended::No) co_return false;
    Signal finished(executor_);
    bool whole = true;
    asio::co_spawn(
        executor_, std::move(work),
        asio::bind_cancellation_slot(signal_.slot(), [&](std::exception_ptr failure) {
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (const boost::system::system_error& error) {
                whole = false;
                if (error.code() != asio::error::operation_aborted)
                    observe::log(observe::Level::Error, "call_failed").field("reason", error.what());
            } catch (const std::exception& error) {
                whole = false;
                observe::log(observe::Level::Error, "call_failed").field("reason", error.what());
            }
            finished.notify();
        }));
    co_await finished.wait();
    co_return whole&& ended_ == Ended::No;
}

}  // namespace seance::litellm
