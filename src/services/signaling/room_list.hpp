#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "net/http/server.hpp"

namespace seance::signaling {

class Lobby;

// Rooms as operators see them: by the hash of their topic, for names may be secrets between their users.
struct RoomLine {
    std::string room;
    std::size_t members = 0, elsewhere = 0;
};
std::vector<RoomLine> list_rooms(const Lobby& lobby);

// Largest first, `most` of them: {"total":2,"rooms":[{"room":"…","members":3,"elsewhere":1}]}
std::string print_rooms(std::vector<RoomLine> rooms, std::size_t most);

// GET /rooms[?limit=N] of the admin port.
http::Handler make_room_list(Lobby& lobby);

}  // namespace seance::signaling
