#pragma once
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/websocket/connection.hpp"
#include "services/signaling/grants.hpp"

namespace seance::signaling::sync {

class Hall;

// A connection whose upgrade was accepted, on its way to the hall of its room.
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
    std::string response, leftover;  // the 101; what the client sent after its request
    std::uint64_t connection = 0;    // its id in logs
    std::string room;
    std::unique_ptr<Grants> grants;  // none: rooms are open
    std::shared_ptr<void> place;     // given back when the connection is gone
};

// A room is on one loop, the one that its name falls on, whose hall it is in; connections are accepted on all
// loops, and get to their room's through here. Made before the loops and gone after them.
class Doors {
  public:
    explicit Doors(unsigned loops) : inside_(loops) {}

    void open(unsigned loop, Executor executor, Hall& hall);
    void close(unsigned loop);  // on that loop
    unsigned loops() const { return static_cast<unsigned>(inside_.size()); }
    unsigned loop_of(std::string_view room) const;

    // From any thread.
    void hand_over(Arrival arrival);  // to the hall of its room
    using Work = std::function<void(Hall*)>;
    void visit(unsigned loop, Work work);  // runs there; with nullptr if the hall is none, or gone

  private:
    struct Inside {
        Executor executor;
        Hall* hall;
    };
    std::mutex mutex_;  // held for a push
    std::vector<std::shared_ptr<Inside>> inside_;
};

}  // namespace seance::signaling::sync
