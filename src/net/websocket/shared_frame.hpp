#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/websocket/codec.hpp"

namespace seance::websocket {

// What is serialised once for many receivers: a frame, or messages that all of them get one after the other
// before they are sent. Each receiver sends it as a whole.
//
// It may grow while it is the last thing that each of its receivers has and none of them has sent any of it.
// Who sends it, or is given something after it, seals it. One that was made to grow is of one loop; any other
// is never changed, and may be shared by threads.
class Frame {
  public:
    // Bytes, of all its messages; one that is larger alone stays alone.
    static constexpr std::size_t kMostGathered = 4096;

    static constexpr bool stays_alone(std::size_t bytes) { return 2 * bytes > kMostGathered; }

    explicit Frame(std::string text) : text_(std::move(text)), messages_(1) {}
    Frame(std::size_t bytes, bool grows);  // empty; next() gives it its first message, of so many bytes
    Frame(const Frame&) = delete;
    ~Frame();

    const std::string& text() const { return text_; }
    const char* data() const { return text_.data(); }
    std::size_t size() const { return text_.size(); }
    std::uint32_t messages() const { return messages_; }

    bool grows() const { return grows_; }
    bool takes(std::size_t bytes) const { return grows_ && text_.size() + bytes <= kMostGathered; }
    // Where a message of so many bytes, which it takes(), is to be appended.
    std::string& next(std::size_t bytes);
    void seal() {
        if (grows_) grows_ = false;
    }
    // It has to wait for a slow reader: what waits is counted by its bytes, so it is not to hold much more,
    // as one that was made to grow does.
    void fit();

  private:
    std::string text_;
    std::uint32_t messages_ = 0;
    bool grows_ = false;
    bool has_room_ = false;  // for what it was to grow by
};
using SharedFrame = std::shared_ptr<Frame>;

inline constexpr std::size_t kMostHead = 10;  // of a server's frame

// Memory is that of the one which this thread has been done with last, if it is not much larger: a busy
// server makes thousands a turn, more than malloc keeps at hand.
SharedFrame new_frame(std::size_t bytes);      // for one message
SharedFrame growing_frame(std::size_t bytes);  // for one and those that follow it

SharedFrame share_frame(Opcode opcode, std::string_view payload);
// For receivers with which permessage-deflate was agreed on, with a window of at least `bits`.
SharedFrame share_compressed_frame(Opcode opcode, std::string_view payload, std::uint8_t bits);

}  // namespace seance::websocket
