#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace seance::testing_support {

// What a script does with one accepted connection. Every wait ends after `patience`.
class UpstreamConnection {
  public:
    UpstreamConnection(int fd, const std::atomic<bool>& test_over) : fd_(fd), test_over_(test_over) {}
    ~UpstreamConnection() { hangs_up(); }
    UpstreamConnection(const UpstreamConnection&) = delete;
    UpstreamConnection& operator=(const UpstreamConnection&) = delete;

    // One request head; "" if the peer ended.
    std::string receives_head() { return receives_until("\r\n\r\n"); }

    std::string receives_until(std::string_view end) {
        while (received_.find(end) == std::string::npos && read_more()) {
        }
        auto at = received_.find(end);
        if (at == std::string::npos) return std::exchange(received_, {});
        auto out = received_.substr(0, at + end.size());
        received_.erase(0, at + end.size());
        return out;
    }

    std::string receives(std::size_t size) {
        while (received_.size() < size && read_more()) {
        }
        auto out = received_.substr(0, size);
        received_.erase(0, size);
        return out;
    }

    // Also when the test is over meanwhile: what it has seen may come here a moment later.
    bool sees_close() {
        while (read_more(true)) {
        }
        return closed_;
    }

    void sends(std::string_view bytes) {
        while (!bytes.empty()) {
            auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    void hangs_up() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    void half_closes() { ::shutdown(fd_, SHUT_WR); }

    int patience_ms = 5000;

  private:
    bool read_more(bool after_test = false) {
        if (closed_ || fd_ < 0) return false;
        pollfd poller{fd_, POLLIN, 0};
        // In slices, so that a connection that a client keeps open does not hold up the end of the test.
        int ready = 0;
        for (int waited = 0; ready == 0 && waited < patience_ms && (after_test || !test_over_); waited += 20)
            ready = ::poll(&poller, 1, 20);
        if (ready <= 0) return false;
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
    const std::atomic<bool>& test_over_;
    bool closed_ = false;
    std::string received_;
};

// A TCP server on loopback that follows a script: the first connection is given to the first function, and so
// on; the last one serves all further connections. Connections are served one after another, each on its own
// thread.
class ScriptedUpstream {
  public:
    using Script = std::function<void(UpstreamConnection&)>;

    explicit ScriptedUpstream(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 64);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    explicit ScriptedUpstream(Script script) : ScriptedUpstream(std::vector<Script>{std::move(script)}) {}

    ~ScriptedUpstream() {
        over_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        for (auto& thread : threads_) thread.join();
    }

    std::uint16_t port() const { return port_; }
    int connections() const { return accepted_; }

  private:
    void accept_all() {
        while (true) {
            int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) return;
            auto& script =
                scripts_[std::min<std::size_t>(static_cast<std::size_t>(accepted_++), scripts_.size() - 1)];
            threads_.emplace_back([this, &script, fd] {
                UpstreamConnection connection(fd, over_);
                script(connection);
            });
        }
    }

    std::vector<Script> scripts_;
    int listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::atomic<bool> over_{false};
    std::thread acceptor_;
    std::vector<std::thread> threads_;
};

// Answers every request on the connection with these bytes until the peer ends.
inline ScriptedUpstream::Script always(std::string answer) {
    return [answer = std::move(answer)](UpstreamConnection& connection) {
        while (!connection.receives_head().empty()) connection.sends(answer);
    };
}

}  // namespace seance::testing_support
