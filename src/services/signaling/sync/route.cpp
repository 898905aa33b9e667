#include "services/signaling/sync/route.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "net/http/message.hpp"
#include "services/signaling/sync/keys.hpp"

namespace seance::signaling::sync {

Outcome<std::string> room_of_path(std::string_view path, std::size_t most) {
    path.remove_prefix(kPath.size());
    auto room = http::percent_decode(path);
    if (!room || !is_utf8(*room)) return Problem{"the room's name is not percent-encoded UTF-8"};
    if (room->empty()) return Problem{"the address names no room: it is /sync/ and the room's name"};
    if (room->size() > most) return Problem{fmt::format("the room's name is longer than {} bytes", most)};
    return Outcome<std::string>(boost::system::in_place_value, std::move(*room));
}

std::string masked_path(std::string_view path, std::size_t most) {
    auto room = room_of_path(path, most);
    path.remove_prefix(kPath.size());
    return std::string(kPath) + (path.empty() ? std::string() : room_hash(room ? *room : path));
}

}  // namespace seance::signaling::sync
