#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "net/websocket/shared_frame.hpp"

namespace seance::signaling {

// One message on its way to the members of a room: serialised once, and compressed once for each window that
// receivers agreed on, if any did and it is large enough.
class Delivery {
  public:
    Delivery(websocket::SharedFrame plain, std::size_t compress_from)
        : plain_(std::move(plain)), compress_from_(compress_from) {}

    // `deflate_bits` of the receiver; 0: it did not agree on compression. Who did gets each message for
    // itself, since a larger one is compressed.
    const websocket::SharedFrame& frame_for(std::uint8_t deflate_bits);
    // A receiver has it not as the last of what leaves next: what follows cannot be a part of it.
    void seal() { plain_->seal(); }

  private:
    websocket::SharedFrame plain_;
    std::size_t compress_from_;
    using ByWindowBits = std::array<websocket::SharedFrame, 16>;
    std::unique_ptr<ByWindowBits> compressed_;  // with the first that agreed
};

}  // namespace seance::signaling
