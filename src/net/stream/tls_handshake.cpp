#include "net/stream/tls_handshake.hpp"

#include <memory>

#include "net/stream/errors.hpp"

namespace seance::stream {

Awaitable<error_code> shake_hands(TlsSocket& tls, asio::ssl::stream_base::handshake_type side, Instant end) {
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
        error_code ignored;
        tls.next_layer().close(ignored);
    });
    struct Finish {
        std::shared_ptr<Watch> watch;
        ~Finish() { watch->over = true; }
    } finish{watch};
    auto [failure] = co_await tls.async_handshake(side, kAwait);
    if (watch->late) co_return asio::error::timed_out;
    if (failure == asio::error::operation_aborted) co_return failure;
    if (failure) co_return Errc::TlsFailed;
    co_return error_code{};
}

}  // namespace seance::stream
