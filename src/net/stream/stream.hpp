#pragma once
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <tuple>

#include "core/runtime/awaitable.hpp"
#include "net/stream/tcp_socket.hpp"

namespace seance::stream {

using TlsSocket = asio::ssl::stream<TcpSocket>;

// OpenSSL takes a session for spoilt when its connection is freed without a word of farewell; ours end by
// closing the socket, and their sessions are good.
struct KeepSession {
    void operator()(TlsSocket* tls) const {
        SSL_set_shutdown(tls->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        delete tls;
    }
};
using TlsSocketOwner = std::unique_ptr<TlsSocket, KeepSession>;

using IoResult = std::tuple<error_code, std::size_t>;
using TwoBuffers = std::array<asio::const_buffer, 2>;  // gathered; either may be empty

// A connected byte stream: plain TCP, or TLS over it. The functions forward without a coroutine of their own,
// so that plain TCP costs what the socket costs. One read and one write may be under way at a time.
class Stream {
  public:
    // `keep` lives as long as the stream (what TLS callbacks refer to).
    explicit Stream(TcpSocket socket) : tcp_(std::move(socket)) {}
    Stream(TlsSocketOwner tls, std::shared_ptr<const void> keep);

    Awaitable<IoResult> read_some(asio::mutable_buffer buffer);
    Awaitable<std::tuple<error_code>>
    wait_readable();  // of the socket: TLS may hold bytes that it does not tell of
    Awaitable<IoResult> write_some(TwoBuffers buffers);
    Awaitable<IoResult> write(TwoBuffers buffers);  // all of it
    Awaitable<IoResult> write(asio::const_buffer buffer);
    // What plain TCP takes at once, without a turn of the loop; 0 if that is nothing, and always for TLS.
    // An error is left for write_some() to find.
    std::size_t write_now(TwoBuffers buffers);
    // What has come over plain TCP already; 0 if that is nothing, and always for TLS. An end or an error is
    // left for read_some() to find.
    std::size_t read_now(asio::mutable_buffer buffer);

    // Over TLS, where the socket does not tell: reads in the background until something comes, the peer ends
    // or cancel() is called; then calls `done`, and keeps `owner` alive until then.
    using Watcher = void (*)(void* owner, error_code error);
    void watch(asio::mutable_buffer scratch, Watcher done, std::shared_ptr<void> owner);

    TcpSocket* plain() { return tcp_ ? &*tcp_ : nullptr; }  // none over TLS

    void give_way(bool on) { socket().give_way(on); }  // as TcpSocket's
    void go_first() { socket().go_first(); }
    void cancel();
    // Ends our direction. TLS cannot say so while it reads: there both directions end, and this gives false.
    bool shutdown_send();
    void close();
    bool is_open() const { return socket().is_open(); }
    bool tls() const { return tls_ != nullptr; }
    bool resumed() const;  // TLS took up an earlier session
    asio::ip::address peer() const;
    // When the peer's certificate ends; nothing without TLS.
    std::optional<std::chrono::system_clock::time_point> certificate_end() const;

  private:
    TcpSocket& socket() { return tls_ ? tls_->next_layer() : *tcp_; }
    const TcpSocket& socket() const { return tls_ ? tls_->next_layer() : *tcp_; }

    std::shared_ptr<const void> keep_;
    std::optional<TcpSocket> tcp_;
    TlsSocketOwner tls_;
};

}  // namespace seance::stream
