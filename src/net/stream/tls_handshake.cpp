#include "net/stream/tls_handshake.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ssl/error.hpp>

#include <memory>

#include "net/stream/errors.hpp"

namespace seance::stream {
namespace {

bool speaks_no_tls(const error_code& failure) {
    if (failure.category() != asio::error::get_ssl_category()) return false;
    switch (ERR_GET_REASON(static_cast<unsigned long>(failure.value()))) {
        case SSL_R_WRONG_VERSION_NUMBER:  // of the first bytes that came
        case SSL_R_UNEXPECTED_MESSAGE:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_UNKNOWN_PROTOCOL:
            return true;
        default:
            return false;
    }
}

TlsFailure reason_of(SSL* ssl, const error_code& failure) {
    const auto verified = SSL_get_verify_result(ssl);
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH)
        return {TlsFailure::Kind::OtherName, "its certificate is for another name"};
    if (verified != X509_V_OK)
        return {TlsFailure::Kind::Untrusted,
                std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verified)};
    if (speaks_no_tls(failure)) return {TlsFailure::Kind::NoTls, "what answers there does not speak TLS"};
    if (failure == asio::error::eof || failure == asio::ssl::error::stream_truncated ||
        failure == asio::error::connection_reset || failure == asio::error::broken_pipe)
        return {TlsFailure::Kind::Ended, "the connection was closed during the TLS handshake"};
    return {TlsFailure::Kind::Other, "the TLS handshake failed: " + failure.message()};
}

}  // namespace

Awaitable<error_code> shake_hands(TlsSocket& tls, asio::ssl::stream_base::handshake_type side, Instant end,
                                  TlsFailure* why) {
    auto executor = co_await asio::this_coro::executor;
    Timer timer{executor, end};
    // The timer's handler may run after this coroutine has gone on: what it looks at is its own.
    struct Watch {
        bool over = false, late = false;
    };
    auto watch = std::make_shared<Watch>();
    timer.async_wait([watch, &tls](error_code cancelled) {
        if (cancelled || watch->over) return;
        watch->late = true;
        tls.next_layer().close();
    });
    struct Finish {
        std::shared_ptr<Watch> watch;
        ~Finish() { watch->over = true; }
    } finish{watch};
    auto [failure] = co_await tls.async_handshake(side, kAwait);
    if (watch->late) co_return asio::error::timed_out;
    if (failure == asio::error::operation_aborted) co_return failure;
    if (!failure) co_return error_code{};
    if (why) *why = reason_of(tls.native_handle(), failure);
    co_return Errc::TlsFailed;
}

}  // namespace seance::stream
