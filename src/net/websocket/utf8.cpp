#include "net/websocket/utf8.hpp"

#include <cstring>

namespace seance::websocket {

bool Utf8Check::feed(std::string_view piece) {
    const char* at = piece.data();
    const char* end = at + piece.size();
    while (at < end) {
        if (more_ == 0) {
            // Most text is ASCII: eight bytes at a time.
            std::uint64_t eight;
            while (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080U) == 0)) at += 8;
            if (at == end) return true;
            auto first = static_cast<unsigned char>(*at++);
            if (first < 0x80) continue;
            if (first < 0xC2 || first > 0xF4) return false;
            more_ = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
            low_ = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
            high_ = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            continue;
        }
        auto next = static_cast<unsigned char>(*at++);
        if (next < low_ || next > high_) return false;
        low_ = 0x80;
        high_ = 0xBF;
        --more_;
    }
    return true;
}

}  // namespace seance::websocket
