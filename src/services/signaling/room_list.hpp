#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "net/http/server.hpp"

namespace seance::signaling {

class Lobby;
namespace sync {
class Doors;
class Hall;
}  // namespace sync

// Rooms as operators see them: by the hash of their name, for names may be secrets between their users.
struct RoomLine {
    enum class Kind { Signaling, Sync };
    std::string room;
    std::size_t members = 0;
    std::size_t elsewhere = 0;  // of Signaling: on other threads and replicas
    std::size_t bytes = 0;      // of Sync: what its document takes in memory
    Kind kind = Kind::Signaling;
};
std::vector<RoomLine> list_rooms(const Lobby& lobby);
std::vector<RoomLine> list_rooms(const sync::Hall& hall);

// Largest first, `most` of them:
// {"total":2,"rooms":[{"room":"…","kind":"signaling","members":3,"elsewhere":1},
//                     {"room":"…","kind":"sync","members":2,"bytes":4096}]}
std::string print_rooms(std::vector<RoomLine> rooms, std::size_t most);

// GET /rooms[?limit=N] of the admin port: topics, and documents of all loops.
http::Handler make_room_list(const Lobby& lobby, sync::Doors& documents);

}  // namespace seance::signaling
