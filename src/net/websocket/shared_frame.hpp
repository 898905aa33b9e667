#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/websocket/codec.hpp"

namespace seance::websocket {

// A frame serialised once for many receivers.
using SharedFrame = std::shared_ptr<const std::string>;

// An empty one to write so many bytes to. Its memory is that of the frame which this thread has been done
// with last, if that is not much larger: a busy server makes thousands a turn, more than malloc keeps at
// hand.
std::shared_ptr<std::string> new_frame(std::size_t size);
inline constexpr std::size_t kMostHead = 10;  // of a server's frame

SharedFrame share_frame(Opcode opcode, std::string_view payload);
// For receivers with which permessage-deflate was agreed on, with a window of at least `bits`.
SharedFrame share_compressed_frame(Opcode opcode, std::string_view payload, std::uint8_t bits);

}  // namespace seance::websocket
