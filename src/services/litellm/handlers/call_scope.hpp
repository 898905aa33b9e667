#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>

#include "core/runtime/awaitable.hpp"

namespace seance::litellm {

// The life of one client's call: what it waits for now ends early when the client leaves or time is up. Held
// by a shared_ptr so that a late notice finds it gone instead of dangling.
class CallScope : public std::enable_shared_from_this<CallScope> {
  public:
    enum class Ended { No, ClientGone, TimedOut };

    explicit CallScope(Executor executor) : executor_(executor), timer_(executor) {}

    Ended ended() const { return ended_; }
    bool client_gone() const { return ended_ == Ended::ClientGone; }
    void end(Ended why);
    // For Exchange::on_disconnect(): ends it, unless it is gone by then.
    std::function<void()> ender_for_client();

    // Time for what follows, counted from now; replaces the limit before. A call that had timed out goes on.
    void allow(Duration limit);
    void allow_forever();

    // Waits for `work`; false if it was cut short or threw.
    Awaitable<bool> run(Awaitable<void> work);

    // What else stops the wait, such as ResponseStream::abort(); empty for nothing.
    void on_end(std::function<void()> stop) { stop_ = std::move(stop); }

  private:
    void watch();

    Executor executor_;
    Timer timer_;
    Instant at_ = Instant::max();
    bool watching_ = false;
    Ended ended_ = Ended::No;
    asio::cancellation_signal signal_;
    std::function<void()> stop_;
};

}  // namespace seance::litellm
