#pragma once
#include "net/stream/errors.hpp"
#include "net/stream/stream.hpp"

namespace seance::stream {

// The only protocol that either side offers and takes, as ALPN writes it (RFC 7301).
inline constexpr unsigned char kHttpProtocol[] = "\x08http/1.1";
inline constexpr unsigned kHttpProtocolLength = sizeof(kHttpProtocol) - 1;

// Errc::TlsFailed, operation_aborted if the caller was cancelled, or timed_out at `end`, when the socket is
// closed.
Awaitable<error_code> shake_hands(TlsSocket& tls, asio::ssl::stream_base::handshake_type side, Instant end,
                                  TlsFailure* why = nullptr);

}  // namespace seance::stream
