#pragma once
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "core/runtime/loop.hpp"
#include "store/valkey/address.hpp"
#include "store/valkey/client.hpp"
#include "store/valkey/reply.hpp"

namespace seance::valkey {

// One TCP connection to a server, and what has come over it.
struct Session {
    Session(Executor executor, std::size_t max_reply) : socket(executor), reader(max_reply) {}

    asio::basic_stream_socket<asio::ip::tcp, Executor> socket;
    ReplyReader reader;
    std::array<char, BufferPool::kSize> buffer;
    Instant last_read = Clock::now();
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

// Connects, logs in, selects the database and waits for the answer to a PING. `refusal`: the server's own
// words when the error is Errc::Refused.
Awaitable<error_code> open_session(Session& session, const Address& address, std::string& refusal);

}  // namespace seance::valkey
