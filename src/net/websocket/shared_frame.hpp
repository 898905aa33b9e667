#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/websocket/codec.hpp"

namespace seance::websocket {

// A frame serialised once for many receivers.
using SharedFrame = std::shared_ptr<const std::string>;

// An empty one to write to. Its memory is that of the frame which this thread has been done with last: a busy
// server makes thousands a turn, more than malloc keeps at hand, and sends them from its caches.
std::shared_ptr<std::string> new_frame();

SharedFrame share_frame(Opcode opcode, std::string_view payload);
// For receivers with which permessage-deflate was agreed on, with a window of at least `bits`.
SharedFrame share_compressed_frame(Opcode opcode, std::string_view payload, std::uint8_t bits);

}  // namespace seance::websocket
