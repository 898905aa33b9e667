#pragma once
#include <cstddef>
#include <vector>

#include "net/stream/tcp_socket.hpp"
#include "net/websocket/shared_frame.hpp"

namespace seance::websocket {

// Frames on their way to one peer, in order; an empty one holds no memory on the heap. What the peer has the
// beginning of is never taken back.
class Outbox {
  public:
    void push(SharedFrame frame);

    bool empty() const { return frames_.empty(); }
    std::size_t bytes() const { return bytes_; }  // not sent yet

    // As much as the socket takes now.
    enum class Written { All, Some, Failed };
    Written write_to(stream::TcpSocket& socket);

    // The oldest text or binary message; pings, pongs and what is no frame stay. False: there is none.
    bool drop_oldest_message();
    void drop_unsent();
    void clear();

  private:
    void sent(std::size_t bytes);

    std::vector<SharedFrame> frames_;
    std::size_t bytes_ = 0;
    std::size_t offset_ = 0;  // of the first frame that is sent already
};

}  // namespace seance::websocket
