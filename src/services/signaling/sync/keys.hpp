#pragma once
#include <string>
#include <string_view>

#include "core/base/hash.hpp"

namespace seance::signaling::sync {

// As operators see a room, in /rooms as in the log.
inline std::string room_hash(std::string_view room) {
    return sha256_hex(room).substr(0, 32);
}

// The names that a room has in Valkey: of bounded length, whatever users call their rooms, and of one slot.
inline std::string valkey_name(std::string_view prefix, std::string_view room, std::string_view what) {
    auto name = std::string(prefix);
    name += "sync:{";
    name += room_hash(room);
    name += "}:";
    name += what;
    return name;
}

}  // namespace seance::signaling::sync
