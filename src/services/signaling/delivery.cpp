#include "services/signaling/delivery.hpp"

namespace seance::signaling {
namespace {

std::string_view payload_of(std::string_view frame) {
    auto size = static_cast<unsigned char>(frame[1]);  // a server's frame has no mask
    return frame.substr(size < 126 ? 2 : size == 126 ? 4 : 10);
}

}  // namespace

const websocket::SharedFrame& Delivery::frame_for(std::uint8_t deflate_bits) {
    if (deflate_bits == 0) return plain_;
    seal();
    auto payload = payload_of(plain_->text());
    if (payload.size() < compress_from_) return plain_;
    if (!compressed_) compressed_ = std::make_unique<ByWindowBits>();
    auto& frame = compressed_->at(deflate_bits);
    if (!frame) {
        frame = websocket::share_compressed_frame(websocket::Opcode::Text, payload, deflate_bits);
        if (frame->size() >= plain_->size()) frame = plain_;
    }
    return frame;
}

}  // namespace seance::signaling
