#include "store/valkey/client.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "store/valkey/detail/unanswered.hpp"
#include "store/valkey/news.hpp"

namespace seance::valkey {

using observe::Level;

class Client::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, Address where, ClientOptions options)
        : address(std::move(where)),
          executor_(loop.executor()),
          options_(options),
          dialer_(address, options_),
          queue_(options_),
          retry_(executor_) {
        state.since = std::chrono::system_clock::now();
    }

    void start() {
        auto self = shared_from_this();
        asio::co_spawn(executor_, run(self),
                       asio::bind_cancellation_slot(
                           stop_.slot(), [self](std::exception_ptr failure) { self->ended(failure); }));
        asio::co_spawn(executor_, ping(self),
                       asio::bind_cancellation_slot(stop_ping_.slot(), asio::detached));
    }

    void stop() {
        closing_ = true;
        if (connection_) lose(connection_, "the client was closed");
        queue_.fail_all(asio::error::operation_aborted);
        stop_.emit(asio::cancellation_type::all);
        stop_ping_.emit(asio::cancellation_type::all);
        for (auto& timer : std::exchange(connect_waiters_, {})) timer->cancel();
    }

    static Awaitable<Result<Reply>> command(std::shared_ptr<Impl> self, std::string wire, Duration limit) {
        if (self->closing_) co_return error_code{asio::error::operation_aborted};
        if (!self->connection_ && self->attempt_failed_) co_return error_code{Errc::NotConnected};
        if (self->queue_.full(wire.size())) co_return error_code{Errc::QueueFull};
        auto waiting = std::make_shared<Waiting>(self->executor_, std::move(wire));
        CommandQueue::Counted counted(self->queue_);
        self->queue_.push(waiting);
        if (self->connection_) self->connection_->wake.notify();

        waiting->done.expires_after(limit);
        auto [error] = co_await waiting->done.async_wait(kAwait);
        if (waiting->outcome) co_return std::move(*waiting->outcome);
        waiting->abandoned = true;
        if (error) co_return error;  // the caller was cancelled
        if (auto connection = self->connection_) {
            auto silent = connection->silence();
            if (silent >= self->options_.longest_silence)
                self->lose(
                    connection,
                    fmt::format("no answer within {}",
                                print_duration(std::chrono::floor<std::chrono::milliseconds>(silent))));
        }
        co_return error_code{asio::error::timed_out};
    }

    bool post(std::string wire, OnReply on_reply) {
        if (!takes(wire.size())) return false;
        auto waiting = std::make_shared<Waiting>(executor_, std::move(wire));
        queue_.begin_one();
        waiting->on_reply = [this, on_reply = std::move(on_reply)](const Result<Reply>& reply) {
            queue_.end_one();
            if (on_reply) on_reply(reply);
        };
        queue_.push(std::move(waiting));
        if (connection_) connection_->wake.notify();
        return true;
    }

    bool post_unanswered(std::span<const std::string_view> arguments) {
        if (!unanswered.next_is_silent(connection_.get())) {
            if (connection_ && !std::exchange(connection_->asked_for_silence, true)) ask_for_silence();
            return post(encode_command(arguments),
                        [this](const Result<Reply>& reply) { unanswered.judge(reply); });
        }
        if (!takes(arguments.back().size())) return false;
        queue_.push_unanswered(executor_, arguments);
        connection_->wake.notify();
        return true;
    }

    static Awaitable<bool> wait_connected(std::shared_ptr<Impl> self, Duration limit) {
        auto timer = std::make_shared<Timer>(self->executor_, limit);
        if (self->state.connected || self->closing_) co_return self->state.connected;
        self->connect_waiters_.push_back(timer);
        co_await timer->async_wait(kAwait);
        std::erase(self->connect_waiters_, timer);
        co_return self->state.connected;
    }

    Address address;
    State state;
    std::function<void(bool)> on_change;
    Unanswered unanswered{address};

  private:
    bool takes(std::size_t bytes) const {
        return !closing_ && (connection_ || !attempt_failed_) && !queue_.full(bytes);
    }

    // Asked by what has an answer itself: who may not use CLIENT is told so, and nothing is out of step.
    void ask_for_silence() {
        std::array<std::string_view, 3> words{"CLIENT", "REPLY", "ON"};
        post(encode_command(words), [connection = connection_](const Result<Reply>& reply) {
            connection->may_be_silent = reply && reply->ok();
        });
    }

    static Awaitable<void> run(std::shared_ptr<Impl> self) {
        Pauses pauses(self->options_);
        while (!self->closing_) {
            auto opened = co_await with_deadline(self->options_.connect_timeout, open(self));
            if (self->closing_) co_return;
            if (opened) {
                auto connection = *opened;
                auto since = Clock::now();
                self->connected(connection);
                asio::co_spawn(self->executor_, write(self, connection), asio::detached);
                co_await read(self, connection);
                if (pauses.forgiven_since(since)) continue;
            } else {
                self->attempt_failed(opened.error());
            }
            self->retry_.expires_after(pauses.next());
            co_await self->retry_.async_wait(kAwait);
        }
    }

    // A connection over which the server has answered.
    static Awaitable<Result<PipelinePtr>> open(std::shared_ptr<Impl> self) {
        auto connection = std::make_shared<Pipeline>(self->executor_, self->options_.max_reply);
        auto error = co_await self->dialer_.open(*connection);
        if (error) co_return error;
        co_return connection;
    }

    static Awaitable<void> read(std::shared_ptr<Impl> self, PipelinePtr connection) {
        while (!connection->lost) {
            auto [error, got] = co_await connection->socket.read_some(asio::buffer(connection->buffer));
            if (connection->lost) break;
            if (error) {
                self->lose(connection, reason_of_loss(error));
                break;
            }
            if (auto reason = connection->take(got)) self->lose(connection, std::move(*reason));
        }
    }

    static Awaitable<void> write(std::shared_ptr<Impl> self, PipelinePtr connection) {
        std::string batch;
        while (!connection->lost) {
            batch.clear();
            self->queue_.take_batch(batch, *connection);
            if (batch.empty()) {
                co_await connection->wake.wait();
                continue;
            }
            auto [error, sent] = co_await connection->socket.write(asio::buffer(batch));
            if (error) self->lose(connection, reason_of_loss(error));
        }
    }

    static Awaitable<void> ping(std::shared_ptr<Impl> self) {
        Timer timer(self->executor_);
        while (!self->closing_) {
            timer.expires_after(self->options_.ping_interval);
            co_await timer.async_wait(kAwait);
            auto connection = self->connection_;
            if (self->closing_ || !connection ||
                Clock::now() - connection->last_read < self->options_.ping_interval)
                continue;
            std::array<std::string_view, 1> words{"PING"};
            auto wire = encode_command(words);
            co_await command(self, std::move(wire), self->options_.command_timeout);
        }
    }

    void connected(PipelinePtr connection) {
        connection_ = std::move(connection);
        attempt_failed_ = false;
        set_connected(true);
        ++state.connections;
        if (is_news(address.printed(), Seen::Connected))
            observe::log(Level::Info, "valkey_connected").field("server", address.printed());
        for (auto& timer : std::exchange(connect_waiters_, {})) timer->cancel();
    }

    void attempt_failed(error_code error) {
        state.last_error = dialer_.reason(error);
        if (!attempt_failed_ && is_news(address.printed(), Seen::Unreachable))
            observe::log(Level::Warning, "valkey_unreachable")
                .field("server", address.printed())
                .field("reason", state.last_error);
        attempt_failed_ = true;
        queue_.fail_all(Errc::NotConnected);
    }

    void lose(const PipelinePtr& held, std::string reason) {
        // `held` may be connection_, which is emptied here.
        const auto connection = held;  // NOLINT(performance-unnecessary-copy-initialization)
        if (std::exchange(connection->lost, true)) return;
        connection->socket.close();
        connection->wake.notify();
        for (auto& waiting : std::exchange(connection->in_flight, {}))
            waiting->finish(error_code{Errc::ConnectionLost});
        connection_.reset();
        set_connected(false);
        state.last_error = std::move(reason);
        if (!closing_ && is_news(address.printed(), Seen::Lost))
            observe::log(Level::Warning, "valkey_lost")
                .field("server", address.printed())
                .field("reason", state.last_error);
    }

    void set_connected(bool now) {
        state.connected = now;
        state.since = std::chrono::system_clock::now();
        if (on_change && !closing_) on_change(now);
    }

    void ended(std::exception_ptr failure) {
        if (!failure || closing_) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            observe::log(Level::Error, "valkey_client_failed").field("reason", error.what());
        }
    }

    Executor executor_;
    ClientOptions options_;
    Dialer dialer_;
    CommandQueue queue_;
    Timer retry_;
    asio::cancellation_signal stop_, stop_ping_;
    PipelinePtr connection_;
    std::vector<std::shared_ptr<Timer>> connect_waiters_;
    bool attempt_failed_ = false;
    bool closing_ = false;
};

Client::Client(Loop& loop, Address address, ClientOptions options)
    : command_timeout_(options.command_timeout),
      impl_(std::make_shared<Impl>(loop, std::move(address), options)) {
    impl_->start();
}

Client::~Client() {
    impl_->stop();
}

Awaitable<Result<Reply>> Client::send(std::string_view name, std::string wire, Duration limit) {
    if (name.empty() || needs_own_connection(name)) {
        return [](error_code error) -> Awaitable<Result<Reply>> { co_return error; }(Errc::OwnConnection);
    }
    return Impl::command(impl_, std::move(wire), limit);
}

bool Client::post(const std::vector<std::string_view>& arguments, OnReply on_reply) {
    return impl_->post(encode_command(arguments), std::move(on_reply));
}
bool Client::post_unanswered(std::span<const std::string_view> arguments) {
    return impl_->post_unanswered(arguments);
}
void Client::on_refusal(std::function<void(const Reply&)> tell) {
    impl_->unanswered.on_refusal = std::move(tell);
}
Awaitable<bool> Client::wait_connected(Duration limit) {
    return Impl::wait_connected(impl_, limit);
}
void Client::on_change(std::function<void(bool)> tell) {
    impl_->on_change = std::move(tell);
}

const State& Client::state() const {
    return impl_->state;
}
const Address& Client::address() const {
    return impl_->address;
}

}  // namespace seance::valkey
