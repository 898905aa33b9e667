#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/loop.hpp"
#include "store/valkey/address.hpp"
#include "store/valkey/reply.hpp"

namespace seance::valkey {

enum class Errc {
    NotConnected = 1,  // the server cannot be reached; the command was not sent
    QueueFull,         // too many commands wait already, or too much of them; the command was not sent
    ConnectionLost,    // sent, but the connection ended before the reply: it may or may not have been carried
                       // out
    Refused,           // the server took the connection but not our password or database
    OwnConnection,     // SUBSCRIBE, MULTI, BLPOP and their like would disturb the others on this connection
};
error_code make_error_code(Errc code);

struct ClientOptions {
    Duration connect_timeout = std::chrono::seconds(2);  // resolving, TCP, AUTH, SELECT and a PING
    Duration command_timeout = std::chrono::seconds(1);  // of each command, waiting in the queue included
    // What a server may owe its oldest reply before the connection counts as lost. With a short
    // `command_timeout` and a longer silence a pause fails the commands that met their deadline, and no
    // others.
    Duration longest_silence = std::chrono::seconds(1);
    Duration ping_interval =
        std::chrono::seconds(5);  // of a quiet connection, so that state() tells the truth
    Duration first_retry = std::chrono::milliseconds(50), longest_retry = std::chrono::seconds(3);
    std::size_t max_waiting = 10'000;          // commands without a reply
    std::size_t max_waiting_bytes = 32 << 20;  // of commands not sent yet; one alone may be longer
    std::size_t max_reply = 64 << 20;
};

// For health answers: reading it never waits.
struct State {
    bool connected = false;
    std::chrono::system_clock::time_point since;  // when `connected` last changed
    std::string last_error;                       // why it is, or was last, not connected
    std::uint64_t connections = 0;                // made so far
};

// One connection to one server, shared by all coroutines of a loop: their commands are pipelined and each
// gets its own reply. It connects by itself and again after every loss. While a first try to connect is under
// way commands wait for it; once a try has failed they fail at once with NotConnected until the server is
// back, so that an outage costs callers nothing. A server that is silent for `longest_silence` when a command
// meets its deadline counts as lost.
class Client {
  public:
    Client(Loop& loop, Address address, ClientOptions options = {});
    ~Client();  // fails what still waits with operation_aborted
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // co_await client.command("SET", key, value). Errors: timed_out or an Errc; what the server itself
    // refuses is a Reply with failed(). The arguments are taken before the first suspension.
    template <std::convertible_to<std::string_view>... Parts>
    Awaitable<Result<Reply>> command(const Parts&... parts) {
        std::array<std::string_view, sizeof...(Parts)> arguments{std::string_view(parts)...};
        return send(arguments[0], encode_command(arguments), command_timeout_);
    }
    Awaitable<Result<Reply>> command(const std::vector<std::string>& arguments) {
        return command(arguments, command_timeout_);
    }
    // With a deadline of its own, in place of `command_timeout`.
    Awaitable<Result<Reply>> command(const std::vector<std::string>& arguments, Duration limit) {
        return send(arguments.empty() ? std::string_view{} : std::string_view(arguments[0]),
                    encode_command(arguments), limit);
    }

    // For commands that nobody waits for: queued and pipelined with the others, without a deadline of its own
    // (a server that answers nothing is noticed by ping_interval). `on_reply` is called on the loop, with an
    // error if the connection ends first. False: not taken, for the server is away or the queue full.
    using OnReply = std::function<void(const Result<Reply>& reply)>;
    bool post(const std::vector<std::string_view>& arguments, OnReply on_reply = nullptr);

    // The same for many commands of one kind whose answers say nothing but that the server refuses them. It
    // is asked to leave them out (CLIENT REPLY OFF), where it lets us, but for one of a connection's first,
    // one every kAnsweredEvery, and all as long as it refuses; of these `on_refusal` hears.
    static constexpr Duration kAnsweredEvery = std::chrono::milliseconds(100);
    bool post_unanswered(std::span<const std::string_view> arguments);
    void on_refusal(std::function<void(const Reply& reply)> tell);  // on the loop

    Awaitable<bool> wait_connected(Duration limit);
    void on_change(std::function<void(bool connected)> tell);  // when state().connected changes, on the loop
    const State& state() const;
    const Address& address() const;

  private:
    Awaitable<Result<Reply>> send(std::string_view name, std::string wire, Duration limit);

    class Impl;
    const Duration command_timeout_;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::valkey

template <>
struct boost::system::is_error_code_enum<seance::valkey::Errc> : std::true_type {};
