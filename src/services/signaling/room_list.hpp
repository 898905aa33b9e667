#pragma once
#include <cstddef>
#include <string>
#include <string_view>
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

// The largest of many rooms, of equals the first, and how many there are. Names are hashed of those alone
// that are kept: a hundred thousand would keep a loop from its peers.
class RoomList {
  public:
    explicit RoomList(std::size_t most) : most_(most) {}

    void add(std::string_view name, RoomLine line);  // its `room` is made from the name
    void add(RoomList other);

    // Largest first:
    // {"total":2,"rooms":[{"room":"…","kind":"signaling","members":3,"elsewhere":1},
    //                     {"room":"…","kind":"sync","members":2,"bytes":4096}]}
    std::string print() const;

  private:
    void keep(RoomLine line);

    std::size_t most_, total_ = 0;
    std::vector<RoomLine> largest_;  // a heap, the smallest in front
};
RoomList list_rooms(const Lobby& lobby, std::size_t most);
RoomList list_rooms(const sync::Hall& hall, std::size_t most);

// GET /rooms[?limit=N] of the admin port: topics, and documents of all loops.
http::Handler make_room_list(const Lobby& lobby, sync::Doors& documents);

}  // namespace seance::signaling
