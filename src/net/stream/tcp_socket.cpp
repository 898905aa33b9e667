#include "net/stream/tcp_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace seance::stream {
namespace {

error_code last_error() {
    return {errno, boost::system::system_category()};
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

std::size_t size_of(const iovec* parts, std::size_t count) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size += parts[i].iov_len;
    return size;
}

msghdr message_of(const iovec* parts, std::size_t count) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = count;
    return message;
}

}  // namespace

TcpSocket::TcpSocket(const Executor& executor, int fd) : TcpSocket(executor) {
    watched_ = reactor_->enter(fd);
    if (!watched_) ::close(fd);
}

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
    if (this == &other) return *this;
    close();
    reactor_ = other.reactor_;
    watched_ = std::exchange(other.watched_, nullptr);
    return *this;
}

void TcpSocket::close() {
    if (!watched_) return;
    auto& watched = *std::exchange(watched_, nullptr);
    const int fd = watched.fd;
    reactor_->leave(watched, true);
    ::close(fd);
}

int TcpSocket::release() {
    if (!watched_) return -1;
    auto& watched = *std::exchange(watched_, nullptr);
    const int fd = watched.fd;
    reactor_->leave(watched, false);
    return fd;
}

void TcpSocket::cancel() {
    if (watched_) reactor_->cancel(*watched_);
}

void TcpSocket::start(Direction direction, Operation& operation) {
    if (!watched_) return operation.finish(Operation::End::Later, asio::error::bad_descriptor);
    reactor_->start(*watched_, direction, operation);
}

void TcpSocket::forget(Direction direction) {
    if (watched_) reactor_->forget(*watched_, direction);
}

bool TcpSocket::peer_is_gone() const {
    if (!watched_ || !watched_->ended) return !watched_;
    char next;
    const auto left = ::recv(watched_->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);
    return left == 0 || (left < 0 && !would_block());
}

error_code TcpSocket::shutdown_send() {
    return ::shutdown(native_handle(), SHUT_WR) == 0 ? error_code{} : last_error();
}

error_code TcpSocket::set_no_delay() {
    const int on = 1;
    return ::setsockopt(native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 ? error_code{}
                                                                                        : last_error();
}

asio::ip::address TcpSocket::peer() const {
    asio::ip::tcp::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (::getpeername(native_handle(), endpoint.data(), &size) != 0) return {};
    const auto family = endpoint.data()->sa_family;
    if (family != AF_INET && family != AF_INET6) return {};
    endpoint.resize(size);
    return endpoint.address();
}

ssize_t TcpSocket::receive(Watched& watched, const iovec* parts, std::size_t count) {
    ssize_t got;
    if (count == 1) {
        got = ::recv(watched.fd, parts[0].iov_base, parts[0].iov_len, MSG_DONTWAIT);
    } else {
        auto message = message_of(parts, count);
        got = ::recvmsg(watched.fd, &message, MSG_DONTWAIT);
    }
    if (got < 0 && would_block())
        watched.readable = watched.ended = false;
    else if (got >= 0 && static_cast<std::size_t>(got) < size_of(parts, count))
        watched.readable = false;
    return got;
}

ssize_t TcpSocket::send(Watched& watched, const iovec* parts, std::size_t count) {
    constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
    ssize_t sent;
    if (count == 1) {
        sent = ::send(watched.fd, parts[0].iov_base, parts[0].iov_len, kFlags);
    } else {
        const auto message = message_of(parts, count);
        sent = ::sendmsg(watched.fd, &message, kFlags);
    }
    if (sent < 0 ? would_block() : static_cast<std::size_t>(sent) < size_of(parts, count))
        watched.writable = false;
    return sent;
}

ssize_t TcpSocket::receive_now(void* to, std::size_t size) {
    if (!watched_) return errno = EBADF, -1;
    const iovec part{to, size};
    return receive(*watched_, &part, 1);
}

ssize_t TcpSocket::send_now(const iovec* parts, std::size_t count) {
    if (!watched_) return errno = EBADF, -1;
    return send(*watched_, parts, count);
}

ssize_t TcpSocket::send_file_now(int file, off_t& offset, std::size_t size) {
    if (!watched_) return errno = EBADF, -1;
    const auto sent = ::sendfile(watched_->fd, file, &offset, size);
    if (sent < 0 && would_block()) watched_->writable = false;
    return sent;
}

// False: it would block.
bool TcpSocket::transfer(Watched& watched, Kind kind, const iovec* parts, std::size_t count,
                         error_code& error, std::size_t& size) {
    const auto moved = kind == Read ? receive(watched, parts, count) : send(watched, parts, count);
    if (moved > 0) {
        size = static_cast<std::size_t>(moved);
    } else if (moved == 0) {
        if (kind == Read) error = asio::error::eof;
    } else if (would_block()) {
        return false;
    } else if (errno == EINTR) {
        return transfer(watched, kind, parts, count, error, size);
    } else {
        error = last_error();
    }
    return true;
}

}  // namespace seance::stream
