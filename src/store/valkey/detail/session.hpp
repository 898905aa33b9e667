#pragma once
#include <array>
#include <string>

#include "core/runtime/loop.hpp"
#include "net/stream/connect.hpp"
#include "net/stream/stream.hpp"
#include "store/valkey/address.hpp"
#include "store/valkey/client.hpp"
#include "store/valkey/reply.hpp"

namespace seance::valkey {

// One connection to a server, plain or over TLS, and what has come over it.
struct Session {
    Session(Executor executor, std::size_t max_reply)
        : socket(stream::TcpSocket(executor)), reader(max_reply) {}

    stream::Stream socket;
    ReplyReader reader;
    std::array<char, BufferPool::kSize> buffer;
    Instant last_read = Clock::now();

    // For a connection that hears more than it says: until told otherwise the kernel acknowledges each piece
    // that has been read by a packet of its own, at the cost of a send. It forgets in time; call it now and
    // then.
    void acknowledge_late();

  private:
    Instant told_to_acknowledge_late_{};
};

// The pauses between tries to connect: doubling, up to the longest. Half of each is random, so that clients
// that lost the same server do not come back all at once.
class Pauses {
  public:
    explicit Pauses(const ClientOptions& options) : options_(options), pause_(options.first_retry) {}

    Duration next();
    // Whether a connection that began then and has ended now may be made again at once. A server that hangs
    // up on us again and again gets pauses like one that cannot be reached.
    bool forgiven_since(Instant began);

  private:
    const ClientOptions& options_;
    Duration pause_;
};

// Makes connections to one server, one at a time, for who connects again and again.
class Dialer {
  public:
    Dialer(const Address& address, const ClientOptions& options) : address_(address), options_(options) {}

    // Connects, with TLS if the address says so, logs in, selects the database and waits for the answer to a
    // PING. The caller sees to `connect_timeout`.
    Awaitable<error_code> open(Session& session);
    // Why it could not be opened, when this is what open() or its deadline has given.
    std::string reason(error_code error) const;

  private:
    Awaitable<Result<stream::TcpSocket>> connect();
    Awaitable<Result<stream::Stream>> secure(stream::TcpSocket socket, Instant end);
    Awaitable<error_code> greet(Session& session);

    const Address& address_;
    const ClientOptions& options_;
    std::shared_ptr<stream::TlsClient> tls_;  // with the first connection that needs it
    std::string said_;                        // more than the error says
};

// What a read's or a write's error says of a connection that was well until then.
std::string reason_of_loss(error_code error);

}  // namespace seance::valkey
