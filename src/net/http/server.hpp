#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/loop.hpp"
#include "net/http/message.hpp"
#include "net/stream/tcp_socket.hpp"

namespace seance::http {

using stream::TcpSocket;

// reference/edge.md section 1.3 is the source of the defaults.
struct ServerOptions {
    Duration idle_timeout =
        std::chrono::seconds(75);  // first byte of a request; above the platform edge's 60 s
    Duration head_timeout = std::chrono::seconds(10);
    Duration body_timeout = std::chrono::seconds(30);   // between two reads
    Duration write_timeout = std::chrono::seconds(30);  // without progress
    std::uint64_t min_body_rate = 1024;                 // bytes per second, after the first 10 s
    std::uint64_t max_body = 0;                         // 0: no limit; else 413
    std::size_t max_requests = 10'000;                  // on one connection
    std::size_t max_connections = 10'000;               // on this server; the next gets 503
    std::string port_setting = "PORT";                  // what a person changes if the port is taken
    bool log_requests = true;                           // one JSON line each, but for /health and below
    bool health_names_commit = true;                    // X-Seance-Commit in answers under /health
    std::function<std::string(std::string_view client)>
        mask_client;                                              // of the address in the log; none: as is
    std::function<std::string(std::string_view path)> mask_path;  // likewise of the path
    // What an accepted connection becomes before it is served, such as the plain end of TLS; none: as it is.
    std::function<Awaitable<Result<TcpSocket>>(TcpSocket accepted)> unwrap;
};

// A response that is whole. Date, Content-Length and (when due) Connection are added by the server.
struct Response {
    int status = 200;
    Fields fields;
    std::string body;
};

// Text or JSON in one call.
Response text_response(int status, std::string body);
Response json_response(int status, std::string body);

// A response rendered before: `head` is the status line and fields with CRLFs, with Content-Length but
// without Date, Connection and the final blank line. Both stay valid until the response is written.
struct PreparedResponse {
    int status = 200;
    std::string_view head, body;
    std::shared_ptr<const void> keep;  // what holds the bytes alive
};

// What is left of a connection when its handler takes it over (WebSocket, tunnel).
struct TakenOver {
    TcpSocket socket;
    std::string leftover;  // bytes that came after the request head
};

// One request and the answer to it. Given to the handler by reference, good until it returns. Exactly one of
// reply(), start() or take_over() is called; a handler that returns without any, or throws, is a 500.
class Exchange {
  public:
    virtual ~Exchange() = default;

    virtual const RequestHead& head() const = 0;
    virtual Loop& loop() = 0;
    virtual std::string_view peer_address() const = 0;  // of the TCP connection, IPv4-mapped printed as IPv4
    virtual const std::string&
    request_id() = 0;  // from a valid X-Request-Id, else made; returned to the client

    // The next piece of the body, at most 16 KiB; empty at its end. Sends 100-continue when due. The view is
    // good until the next call. Errors: timed_out (408), message_size (413 over max_body), bad_message (400),
    // connection_reset. After an error reply with error_page(status_of_body_error(error), request_id()).
    virtual Awaitable<Result<std::string_view>> read_body() = 0;
    virtual void limit_body(std::uint64_t most) = 0;  // for this request; before the first read_body()
    Awaitable<Result<std::string>> read_whole_body(std::uint64_t most);

    // Kept and written after the handler has returned, in one gathered write.
    virtual void reply(Response response) = 0;
    virtual void reply(PreparedResponse response) = 0;

    // Streaming. `length`: the body's size if known, else chunked (or until close for HTTP/1.0). Each write
    // is on its way when the call returns. finish() ends the body; returning without it cuts the connection,
    // so that an incomplete message never looks whole.
    virtual Awaitable<error_code> start(int status, const Fields& fields,
                                        std::optional<std::uint64_t> length) = 0;
    // The same without length for who has the first piece already: the head goes out with that, by write() or
    // finish(), which are next.
    virtual void start_with_next(int status, const Fields& fields) = 0;
    // Sends from an open file instead (sendfile); after start() with a length, in place of write().
    virtual Awaitable<error_code> send_file(int fd, std::uint64_t offset, std::uint64_t length) = 0;
    virtual Awaitable<error_code> write(std::string_view data) = 0;
    virtual Awaitable<error_code> write_informational(int status, const Fields& fields) = 0;  // 103, …
    virtual Awaitable<error_code> finish() = 0;
    virtual bool started() const = 0;

    // Calls `gone` once if the client goes away before the response is finished. Costs little; for handlers
    // that wait on someone else. Only after the request's body has been read.
    virtual void on_disconnect(std::function<void()> gone) = 0;

    virtual TakenOver take_over() = 0;
    virtual void close_after() = 0;  // answer with Connection: close

    // Extra fields of the log line of this request, as rendered JSON members (`,"upstream_status":200`).
    virtual void log_fields(std::string json) = 0;
    virtual bool is_logged() const = 0;  // false: log_fields() need not be rendered
    // That line is a warning whatever its status, as one of 500 and above is: an answer that broke off.
    virtual void log_as_warning() = 0;
    virtual void do_not_log() = 0;
};

using Handler = std::function<Awaitable<void>(Exchange&)>;

// The status that an error from read_body() stands for: 408, 413 or 400.
int status_of_body_error(error_code error);

// One short text/plain line with the status and the request id (edge.md 1.4).
Response error_page(int status, std::string_view request_id);

// How a port is bound. With several loops each has a socket of its own (SO_REUSEPORT); the first also makes
// sure that no other program has the port, which SO_REUSEPORT alone would share with it silently.
enum class Sharing { Alone, FirstOfMany, OneOfMany };
inline Sharing sharing_of(unsigned index, unsigned threads) {
    return threads <= 1 ? Sharing::Alone : index == 0 ? Sharing::FirstOfMany : Sharing::OneOfMany;
}

// Serves HTTP/1.1 on one loop; dual-stack for "::".
class Server {
  public:
    Server(Loop& loop, ServerOptions options, Handler handler);
    ~Server();

    // Throws std::runtime_error with a sentence if the address cannot be bound: "port 8080 of
    // 127.0.0.1 is taken by nginx (process 4711); …".
    void listen(const std::string& address, std::uint16_t port, Sharing sharing = Sharing::Alone);
    std::uint16_t port() const;  // of the first listener; for port 0

    // Stops accepting, answers what is in flight with Connection: close, closes idle connections, returns
    // when none is left. Handlers can ask `draining()`.
    Awaitable<void> drain();
    bool draining() const;
    std::size_t connections() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::http
