#pragma once
#include <string>
#include <string_view>

#include "net/http/client_connection.hpp"
#include "net/http/server.hpp"

namespace seance::proxy {

// The body of a request on its way to the upstream: in memory if it is small and of known length (then a
// request can be repeated), else passed on piece by piece.
class RequestBody {
  public:
    explicit RequestBody(http::Exchange& exchange);

    Awaitable<error_code> gather();  // reads a small body whole; others are left alone
    bool streams() const { return streams_; }
    std::string_view bytes() const { return bytes_; }  // when it does not stream
    std::optional<std::uint64_t> length() const;  // if known, also 0; nothing for requests without a body

    // What became of a body that streams.
    struct Sent {
        enum End { Whole, ClientFailed, UpstreamFailed } end = Whole;
        error_code error;
    };
    // Writes `head` and then the body, each piece before the next is read. Once only.
    Awaitable<Sent> stream(http::ClientConnection& connection, std::string_view head);

  private:
    http::Exchange& exchange_;
    bool streams_ = false;
    std::string gathered_;
    std::string_view bytes_;
};

}  // namespace seance::proxy
