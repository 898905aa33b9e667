#pragma once
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <string>

#include "net/stream/errors.hpp"
#include "net/stream/resolver.hpp"
#include "net/stream/stream.hpp"
#include "net/stream/trust.hpp"

namespace seance::stream {

// RFC 8305: starts a try every 250 ms, or as soon as one fails; the first that connects wins. The last try's
// error if all fail; asio::error::timed_out at `end`. TCP_NODELAY is on.
Awaitable<Result<TcpSocket>> connect_first(Addresses addresses, std::uint16_t port, Instant end);

// What a client says that it will speak over TLS (ALPN): some servers end a handshake for another's name.
enum class Spoken { Http, Unsaid };

// TLS client side of one loop: TLS 1.2 or newer, certificates and names verified as `trust` says (the
// system's are those that SSL_CERT_FILE and SSL_CERT_DIR name, if set), SNI, sessions resumed per host and
// port.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
  public:
    // Throws std::runtime_error if the certificates cannot be read (authorities_of).
    explicit TlsClient(const Trust& trust, Spoken spoken = Spoken::Http);
    explicit TlsClient(std::string ca_file, Spoken spoken = Spoken::Http);  // "" = the system's
    ~TlsClient();

    // The handshake over a connected socket. Errc::TlsFailed with the reason in `why`, or timed_out at `end`.
    Awaitable<Result<Stream>> handshake(TcpSocket socket, std::string host, std::uint16_t port, Instant end,
                                        TlsFailure* why = nullptr);

  private:
    struct Slot;
    static int keep_session(SSL* ssl, SSL_SESSION* session);

    std::shared_ptr<X509_STORE> authorities_;  // none if nothing is verified
    asio::ssl::context context_;
    bool verify_;
    std::map<std::string, std::shared_ptr<Slot>> slots_;  // by host:port
};

}  // namespace seance::stream
