#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace seance::testing_support {

// A blocking TCP client on loopback for tests: sends exactly these bytes, reads what comes. Every wait ends
// after `patience`.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int on = 1;  // two small sends are two packets, now
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawClient() { close(); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool connected() const { return connected_; }

    bool sends(std::string_view bytes) {
        while (!bytes.empty()) {
            auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    // Up to and including `end`; what came before on a close or when patience ends.
    std::string receives_until(std::string_view end) {
        while (received_.find(end) == std::string::npos && read_more()) {
        }
        auto at = received_.find(end);
        auto size = at == std::string::npos ? received_.size() : at + end.size();
        auto out = received_.substr(0, size);
        received_.erase(0, size);
        return out;
    }

    std::string receives(std::size_t size) {
        while (received_.size() < size && read_more()) {
        }
        auto out = received_.substr(0, size);
        received_.erase(0, size);
        return out;
    }

    std::string receives_head() { return receives_until("\r\n\r\n"); }

    std::string receives_all() {
        while (read_more()) {
        }
        return std::exchange(received_, {});
    }

    // True once the server has closed (and nothing unread is left).
    bool sees_close() {
        while (read_more()) {
        }
        return closed_ && received_.empty();
    }

    void half_closes() { ::shutdown(fd_, SHUT_WR); }
    void resets() {
        linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    std::chrono::milliseconds patience{5000};

  private:
    bool read_more() {
        if (closed_ || fd_ < 0) return false;
        pollfd poller{fd_, POLLIN, 0};
        if (::poll(&poller, 1, static_cast<int>(patience.count())) <= 0) return false;
        char bytes[65536];
        auto n = ::recv(fd_, bytes, sizeof bytes, 0);
        if (n <= 0) {
            closed_ = true;
            return false;
        }
        received_.append(bytes, static_cast<std::size_t>(n));
        return true;
    }

    int fd_;
    bool connected_ = false, closed_ = false;
    std::string received_;
};

}  // namespace seance::testing_support
