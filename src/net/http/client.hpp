#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/loop.hpp"
#include "net/http/message.hpp"

namespace seance::http {

// Where requests go: "https://host:port" without a path.
struct Origin {
    std::string host;  // name or address, without brackets
    std::uint16_t port = 80;
    bool tls = false;

    bool operator==(const Origin&) const = default;
    std::string authority() const;  // as in Host: without the default port, IPv6 in brackets
};

struct Url {
    Origin origin;
    std::string target;  // "/path?query", at least "/"
};
Result<Url> parse_url(std::string_view text);  // http and https only; errc::invalid_argument

// reference/edge.md section 1.7 is the source of the defaults.
struct ClientOptions {
    Duration connect_timeout = std::chrono::seconds(5);
    Duration write_timeout = std::chrono::seconds(30);  // without progress
    Duration head_timeout = std::chrono::seconds(60);
    Duration body_timeout = std::chrono::seconds(60);  // between two reads
    Duration idle_timeout = std::chrono::seconds(30);  // of a pooled connection
    Duration max_age = std::chrono::minutes(10);
    Duration queue_timeout = std::chrono::seconds(5);
    std::size_t max_idle = 64, max_in_use = 512, max_queued = 1024;  // per origin
    std::string ca_file;              // "" = `ca_certificates`, else the system's
    std::string ca_certificates;      // in PEM
    bool verify_certificates = true;  // false: whoever answers is believed
    bool ipv4_only = false;           // addresses of IPv6 are passed over
};

struct Request {
    std::string method = "GET";
    std::string target = "/";
    Fields fields;  // Host and Content-Length are added if absent
    std::string body;
};

struct WholeResponse {
    int status = 0;
    Fields fields;
    std::string body;
};

// Why a request failed, beside system errors (refused, timed_out, …).
enum class ClientErrc {
    BadResponse = 1,  // the peer broke the rules of HTTP
    NameNotFound,     // DNS has no answer, and none is remembered
    TlsFailed,        // handshake, chain or name
    PoolExhausted,    // too many in use and in the queue
    BodyTooLarge,     // more than the caller allowed
    Truncated,        // ended before its declared end
    NoIpv4Address,    // with ipv4_only: the host has addresses, none of IPv4
};
error_code make_error_code(ClientErrc code);

// A response on its way. Dropped after its body's end, its connection goes back to the pool; dropped before,
// the connection is closed.
class ResponseStream {
  public:
    ResponseStream(ResponseStream&&) noexcept;
    ResponseStream& operator=(ResponseStream&&) noexcept;
    ~ResponseStream();

    const ResponseHead& head() const;                 // good as long as the stream
    Awaitable<Result<std::string_view>> read_body();  // next piece as it came, empty at the end
    Awaitable<Result<std::string>> read_whole_body(std::uint64_t most);
    void abort();  // from another task of the loop: the pending read fails at once

  private:
    friend class ClientExchange;
    struct State;
    explicit ResponseStream(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class ConnectionPool;
class Lease;

// One request on a connection of its own, in steps, for who can drop the request once it is sent: an answer
// may take minutes. Client::open() takes all of them. Good for one request.
class ClientExchange {
  public:
    explicit ClientExchange(Lease lease);
    ClientExchange(ClientExchange&&) noexcept;
    ClientExchange& operator=(ClientExchange&&) noexcept;
    ~ClientExchange();

    // After an error there is nothing to read. None does not say that the peer has taken all of it: an answer
    // may come early.
    Awaitable<error_code> write(const Origin& origin, const Request& request);
    Awaitable<Result<ResponseStream>> read_head();
    bool found_stale() const;  // after a failed read_head(): a reused connection had ended before it began
    void abort();              // from another task of the loop: what is pending fails at once

  private:
    friend class Client;
    Awaitable<error_code> send(const Origin& origin, const Request& request);  // one that can be sent
    std::unique_ptr<ResponseStream::State> state_;
};

bool is_idempotent(std::string_view method);  // a request that may be repeated if nobody answered it

// A pooled HTTP/1.1 client of one loop. 1xx are swallowed; redirects are not followed. A request on a reused
// connection that ended before one response byte is repeated once if the method is idempotent.
class Client {
  public:
    explicit Client(Loop& loop, ClientOptions options = {});
    ~Client();

    Awaitable<Result<ResponseStream>> open(const Origin& origin, const Request& request);
    // The connection for one request; ready() only if one is idle, without waiting.
    Awaitable<Result<ClientExchange>> connect(const Origin& origin);
    std::optional<ClientExchange> ready(const Origin& origin);
    Awaitable<Result<WholeResponse>> send(const Origin& origin, const Request& request,
                                          std::uint64_t most_body = 64 << 20);
    std::shared_ptr<ConnectionPool> pool() const;  // for what needs connections themselves: the reverse proxy
    void set_resolver_override(std::string host,
                               const std::vector<std::string>& addresses);  // tests, pinned names

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::http

template <>
struct boost::system::is_error_code_enum<seance::http::ClientErrc> : std::true_type {};
