#pragma once
#include <cstddef>
#include <vector>

#include "net/stream/tcp_socket.hpp"
#include "net/websocket/shared_frame.hpp"

namespace seance::websocket {

// Frames on their way to one peer, in order; an empty one holds no memory on the heap. The last may grow
// until something follows it or it is written. What the peer has the beginning of is never taken back.
class Outbox {
  public:
    // False: it will not grow here, since what was written last did not fit into the socket.
    bool push(SharedFrame frame);

    void prefetch() const { __builtin_prefetch(frames_.data()); }
    bool empty() const { return frames_.empty(); }
    std::size_t bytes() const { return bytes_ + (last_grows_ ? frames_.back()->size() : 0); }  // not sent yet

    // As much as the socket takes now.
    enum class Written { All, Some, Failed };
    Written write_to(stream::TcpSocket& socket);

    // The oldest text or binary message, with those that were gathered with it; pings, pongs and what is no
    // frame stay. Returns how many.
    std::size_t drop_oldest_message();
    void drop_unsent();
    void clear();

  private:
    void seal();
    void sent(std::size_t bytes);

    std::vector<SharedFrame> frames_;
    std::size_t bytes_ = 0;    // without the last frame while that may grow
    std::size_t offset_ = 0;   // of the first frame that is sent already
    bool last_grows_ = false;  // or did, until another who has it sealed it
    bool waits_ = false;       // for the socket to take more
};

}  // namespace seance::websocket
