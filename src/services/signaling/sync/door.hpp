#pragma once
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "net/websocket/connection.hpp"
#include "services/signaling/grants.hpp"

namespace seance::signaling::sync {

// A connection whose upgrade was accepted, on its way to the hall.
struct Arrival {
    // The socket without a loop. Closed if nobody takes it.
    struct Handle {
        int fd = -1;
        Handle() = default;
        explicit Handle(int f) : fd(f) {}
        Handle(Handle&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
        Handle& operator=(Handle&&) = delete;
        ~Handle() {
            if (fd >= 0) ::close(fd);
        }
    };
    Handle socket;
    asio::ip::tcp protocol = asio::ip::tcp::v4();
    std::string response, leftover;  // the 101; what the client sent after its request
    std::uint64_t connection = 0;    // its id in logs
    std::string room;
    std::unique_ptr<Grants> grants;  // none: rooms are open
    std::shared_ptr<void> place;     // given back when the connection is gone
};

// Rooms are on one loop, connections are accepted on all: through here they get there. Made before the loops
// and gone after them.
class Door {
  public:
    using Admit = std::function<void(Arrival)>;

    void open(Executor executor, Admit admit) {
        std::lock_guard lock(mutex_);
        inside_ = std::make_shared<Inside>(Inside{executor, std::move(admit)});
    }
    void close() {  // on the loop that opened it
        std::lock_guard lock(mutex_);
        if (inside_) inside_->admit = nullptr;
        inside_.reset();
    }
    void hand_over(Arrival arrival) {  // from any thread
        std::lock_guard lock(mutex_);
        if (!inside_) return;
        asio::post(inside_->executor, [inside = inside_, arrival = std::move(arrival)]() mutable {
            if (inside->admit) inside->admit(std::move(arrival));
        });
    }

  private:
    struct Inside {
        Executor executor;
        Admit admit;
    };
    std::mutex mutex_;  // held for a push
    std::shared_ptr<Inside> inside_;
};

}  // namespace seance::signaling::sync
