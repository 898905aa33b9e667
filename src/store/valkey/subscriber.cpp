#include "store/valkey/subscriber.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "core/base/text_map.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/signal.hpp"
#include "core/runtime/wait.hpp"
#include "store/valkey/detail/channel_message.hpp"
#include "store/valkey/detail/session.hpp"

namespace seance::valkey {
namespace {

using observe::Level;

// Channels in one SUBSCRIBE when all are asked for again: a server answers each with a message of its own.
// Those of one SSUBSCRIBE have to be of one slot, which two hardly ever are.
constexpr std::size_t kChannelsAtOnce = 500, kShardedAtOnce = 1;

// Of 16 KiB. What a busy server has for us by its next turn is to be read in one, or it gathers there.
constexpr std::size_t kReadsPerTurn = 256;

struct Connection : Session {
    Connection(Executor executor, std::size_t max_reply) : Session(executor, max_reply), wake(executor) {}
    asio::mutable_buffer room() { return asio::buffer(buffer) + kept; }

    Signal wake;           // of the writer
    std::size_t kept = 0;  // bytes at the buffer's beginning: of a message whose rest has not come
    bool lost = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

class Subscriber::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, Address where, Listener& listener, Channels channels, ClientOptions options)
        : executor_(loop.executor()),
          address_(std::move(where)),
          listener_(&listener),
          subscribe_(channels == Channels::Plain ? "SUBSCRIBE" : "SSUBSCRIBE"),
          unsubscribe_(channels == Channels::Plain ? "UNSUBSCRIBE" : "SUNSUBSCRIBE"),
          at_once_(channels == Channels::Plain ? kChannelsAtOnce : kShardedAtOnce),
          options_(options),
          dialer_(address_, options_),
          retry_(executor_) {}

    void start() {
        auto self = shared_from_this();
        asio::co_spawn(executor_, run(self), asio::bind_cancellation_slot(stop_.slot(), asio::detached));
        asio::co_spawn(executor_, ping(self),
                       asio::bind_cancellation_slot(stop_ping_.slot(), asio::detached));
    }

    void stop() {
        listener_ = nullptr;
        if (connection_) lose(connection_, "the subscriber was closed");
        stop_.emit(asio::cancellation_type::all);
        stop_ping_.emit(asio::cancellation_type::all);
    }

    void subscribe(std::string_view channel) {
        if (!wanted_.emplace(channel).second) return;
        if (!connection_) return;
        ++unconfirmed_[std::string(channel)];
        queue({subscribe_, channel});
    }
    void unsubscribe(std::string_view channel) {
        if (wanted_.erase(std::string(channel)) == 0) return;
        if (connection_) queue({unsubscribe_, channel});
    }
    bool connected() const { return connection_ != nullptr; }

  private:
    void queue(const std::vector<std::string_view>& command) {
        out_ += encode_command(command);
        connection_->wake.notify();
    }

    static Awaitable<void> run(std::shared_ptr<Impl> self) {
        Pauses pauses(self->options_);
        while (self->listener_) {
            auto opened = co_await with_deadline(self->options_.connect_timeout, open(self));
            if (!self->listener_) co_return;
            if (opened) {
                auto connection = *opened;
                auto since = Clock::now();
                self->connected(connection);
                asio::co_spawn(self->executor_, write(self, connection), asio::detached);
                co_await read(self, connection);
                if (pauses.forgiven_since(since)) continue;
            }
            self->retry_.expires_after(pauses.next());
            co_await self->retry_.async_wait(kAwait);
        }
    }

    static Awaitable<Result<ConnectionPtr>> open(std::shared_ptr<Impl> self) {
        auto connection = std::make_shared<Connection>(self->executor_, self->options_.max_reply);
        auto error = co_await self->dialer_.open(*connection);
        if (error) co_return error;
        co_return connection;
    }

    void connected(ConnectionPtr connection) {
        connection_ = std::move(connection);
        out_.clear();
        unconfirmed_.clear();
        observe::log(Level::Info, "valkey_subscriber_connected")
            .field("server", address_.printed())
            .field("channels", static_cast<std::uint64_t>(wanted_.size()));
        listener_->on_connected();
        std::vector<std::string_view> command{subscribe_};
        for (const auto& channel : wanted_) {
            command.push_back(channel);
            ++unconfirmed_[channel];
            if (command.size() <= at_once_) continue;
            queue(command);
            command.resize(1);
        }
        if (command.size() > 1) queue(command);
    }

    static Awaitable<void> read(std::shared_ptr<Impl> self, ConnectionPtr connection) {
        while (!connection->lost) {
            auto room = connection->room();
            auto [error, got] = co_await connection->socket.read_some(room);
            if (connection->lost) break;
            if (error) {
                self->lose(connection, reason_of_loss(error));
                break;
            }
            connection->last_read = Clock::now();
            connection->acknowledge_late();
            self->take_all(connection, got);
            // What has come meanwhile too: a busy loop has hundreds of clients' sockets to read in a turn,
            // and this one carries as much as all of them. A server ends a subscriber that falls behind.
            for (std::size_t reads = 1; reads < kReadsPerTurn && got == room.size(); ++reads) {
                if (connection->lost) break;
                room = connection->room();
                got = connection->socket.read_now(room);
                if (got > 0) self->take_all(connection, got);
            }
        }
    }

    void take_all(const ConnectionPtr& connection, std::size_t bytes) {
        auto& reader = connection->reader;
        std::string_view left(connection->buffer.data(), std::exchange(connection->kept, 0) + bytes);
        while (!left.empty() && !connection->lost) {
            if (reader.between_replies()) {
                const auto message = read_channel_message(left);
                if (message.state == ChannelMessage::State::Whole) {
                    left.remove_prefix(message.size);
                    hear(message.channel, message.payload);
                    continue;
                }
                if (message.state == ChannelMessage::State::Begun &&
                    left.size() <= connection->buffer.size() / 2) {
                    std::memmove(connection->buffer.data(), left.data(), left.size());
                    connection->kept = left.size();
                    return;
                }
            }
            take_line(connection, left);
        }
    }

    // Whatever else comes, by lines, so that the reader does not get what can be read in place behind it.
    void take_line(const ConnectionPtr& connection, std::string_view& left) {
        auto& reader = connection->reader;
        const auto size = std::min(left.find('\n'), left.size() - 1) + 1;
        reader.feed(left.substr(0, size));
        left.remove_prefix(size);
        if (auto reply = reader.next()) take(connection, *reply);
        if (reader.broken()) lose(connection, reader.reason());
    }

    void hear(std::string_view channel, std::string_view payload) { listener_->on_message(channel, payload); }

    void take(const ConnectionPtr& connection, const Reply& reply) {
        if (reply.failed()) {
            // MOVED and CROSSSLOT of a cluster: what we asked for is not to be had here.
            if (reply.text.starts_with("MOVED ")) return lose(connection, "the slot was moved");
            return lose(connection, "the server refused: " + reply.text);
        }
        if (reply.list.size() < 2) return;  // the answer to a PING before the first channel
        const auto& kind = reply.list[0].text;
        const auto& channel = reply.list[1].text;
        if (kind == "message" || kind == "smessage") {
            if (reply.list.size() == 3) hear(channel, reply.list[2].text);
        } else if (kind == "subscribe" || kind == "ssubscribe") {
            if (confirm(channel) && wanted_.contains(channel)) listener_->on_subscribed(channel);
        } else if (kind == "sunsubscribe" && wanted_.erase(channel) > 0) {
            listener_->on_moved(channel);
        }
    }

    // Whoever leaves a channel and comes back at once has asked twice, and is in it after the second answer.
    bool confirm(const std::string& channel) {
        auto at = unconfirmed_.find(channel);
        if (at == unconfirmed_.end()) return true;
        if (--at->second > 0) return false;
        unconfirmed_.erase(at);
        return true;
    }

    static Awaitable<void> write(std::shared_ptr<Impl> self, ConnectionPtr connection) {
        std::string batch;
        while (!connection->lost) {
            batch.clear();
            batch.swap(self->out_);
            if (batch.empty()) {
                co_await connection->wake.wait();
                continue;
            }
            auto [error, sent] = co_await connection->socket.write(asio::buffer(batch));
            if (error) self->lose(connection, reason_of_loss(error));
        }
    }

    // A silent server is asked; one that does not answer in time is lost.
    static Awaitable<void> ping(std::shared_ptr<Impl> self) {
        Timer timer(self->executor_);
        const auto& options = self->options_;
        Instant asked{};
        while (self->listener_) {
            timer.expires_after(options.ping_interval);
            co_await timer.async_wait(kAwait);
            auto connection = self->connection_;
            if (!self->listener_ || !connection) continue;
            auto silent = Clock::now() - connection->last_read;
            if (silent < options.ping_interval) continue;
            if (asked > connection->last_read && silent >= options.ping_interval + options.command_timeout)
                self->lose(connection, fmt::format("no answer within {}", print_duration(silent)));
            else
                self->queue({"PING"});
            asked = Clock::now();
        }
    }

    void lose(const ConnectionPtr& held, std::string_view reason) {
        const auto connection = held;  // NOLINT(performance-unnecessary-copy-initialization)
        if (std::exchange(connection->lost, true)) return;
        connection->socket.close();
        connection->wake.notify();
        connection_.reset();
        if (!listener_) return;
        observe::log(Level::Warning, "valkey_subscriber_lost")
            .field("server", address_.printed())
            .field("reason", reason);
        listener_->on_lost();
    }

    Executor executor_;
    Address address_;
    Listener* listener_;  // none once stopped
    std::string_view subscribe_, unsubscribe_;
    std::size_t at_once_;
    ClientOptions options_;
    Dialer dialer_;
    Timer retry_;
    asio::cancellation_signal stop_, stop_ping_;
    ConnectionPtr connection_;
    std::string out_;  // not sent yet
    std::unordered_set<std::string, TextHash, std::equal_to<>> wanted_;
    std::unordered_map<std::string, int> unconfirmed_;  // answers to come, of channels that were asked for
};

Subscriber::Subscriber(Loop& loop, Address address, Listener& listener, Channels channels,
                       ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(address), listener, channels, options)) {
    impl_->start();
}
Subscriber::~Subscriber() {
    impl_->stop();
}

void Subscriber::subscribe(std::string_view channel) {
    impl_->subscribe(channel);
}
void Subscriber::unsubscribe(std::string_view channel) {
    impl_->unsubscribe(channel);
}
bool Subscriber::connected() const {
    return impl_->connected();
}

}  // namespace seance::valkey
