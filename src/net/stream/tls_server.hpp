#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "net/stream/stream.hpp"

namespace seance::stream {

// TLS server side of one loop: TLS 1.2 or newer, ALPN http/1.1.
class TlsServer : public std::enable_shared_from_this<TlsServer> {
  public:
    // `chain_file`: certificates in PEM form, the server's own first; `key_file`: its private key. A problem
    // that names the file if one cannot be read, or the two do not belong together.
    static Outcome<std::shared_ptr<TlsServer>> load(const std::string& chain_file,
                                                    const std::string& key_file);

    // The handshake over an accepted socket. Errc::TlsFailed, or timed_out at `end`.
    Awaitable<Result<Stream>> handshake(TcpSocket socket, Instant end);

    // A name that the certificate is good for; "" if it says none.
    const std::string& name() const { return name_; }

  private:
    TlsServer() : context_(asio::ssl::context::tls_server) {}

    asio::ssl::context context_;
    std::string name_;
};

}  // namespace seance::stream
