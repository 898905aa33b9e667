#include "net/stream/stream.hpp"

#include <boost/asio/write.hpp>

namespace seance::stream {

Stream::Stream(TlsSocketOwner tls, std::shared_ptr<const void> keep)
    : keep_(std::move(keep)), tls_(std::move(tls)) {}

Awaitable<IoResult> Stream::read_some(asio::mutable_buffer buffer) {
    return tls_ ? tls_->async_read_some(buffer, kAwait) : tcp_->async_read_some(buffer, kAwait);
}

Awaitable<std::tuple<error_code>> Stream::wait_readable() {
    return socket().async_wait(Reactor::kReading, kAwait);
}

Awaitable<IoResult> Stream::write_some(TwoBuffers buffers) {
    return tls_ ? tls_->async_write_some(buffers, kAwait) : tcp_->async_write_some(buffers, kAwait);
}

std::size_t Stream::write_now(TwoBuffers buffers) {
    if (tls_) return 0;
    iovec parts[2];
    for (std::size_t i = 0; i < 2; ++i) parts[i] = {const_cast<void*>(buffers[i].data()), buffers[i].size()};
    const auto sent = tcp_->send_now(parts, 2);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

Awaitable<IoResult> Stream::write(TwoBuffers buffers) {
    return tls_ ? asio::async_write(*tls_, buffers, kAwait) : asio::async_write(*tcp_, buffers, kAwait);
}

// Asio's own loop over a buffer needs a turn of ours for each 64 KiB.
Awaitable<IoResult> Stream::write(asio::const_buffer buffer) {
    auto left = buffer;
    while (true) {
        left += write_now({left, {}});
        if (left.size() == 0) co_return IoResult{error_code{}, buffer.size()};
        const TwoBuffers rest{left, {}};
        auto [error, sent] = co_await write_some(rest);
        left += sent;
        if (error) co_return IoResult{error, buffer.size() - left.size()};
    }
}

std::size_t Stream::read_now(asio::mutable_buffer buffer) {
    if (tls_) return 0;
    const auto got = tcp_->receive_now(buffer.data(), buffer.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void Stream::watch(asio::mutable_buffer scratch, Watcher done, std::shared_ptr<void> owner) {
    auto handler = [done, owner = std::move(owner)](error_code error, std::size_t) {
        done(owner.get(), error);
    };
    tls_->async_read_some(scratch, std::move(handler));
}

void Stream::cancel() {
    socket().cancel();
}

bool Stream::shutdown_send() {
    if (tls_) {
        close();
        return false;
    }
    tcp_->shutdown_send();
    return true;
}

void Stream::close() {
    socket().close();
}

bool Stream::resumed() const {
    return tls_ && SSL_session_reused(tls_->native_handle()) == 1;
}

std::optional<std::chrono::system_clock::time_point> Stream::certificate_end() const {
    if (!tls_) return std::nullopt;
    const std::unique_ptr<X509, void (*)(X509*)> certificate{SSL_get1_peer_certificate(tls_->native_handle()),
                                                             X509_free};
    std::tm end{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
        return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&end));
}

asio::ip::address Stream::peer() const {
    return socket().peer();
}

}  // namespace seance::stream
