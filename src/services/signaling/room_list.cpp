#include "services/signaling/room_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/replicas/note.hpp"

namespace seance::signaling {
namespace {

constexpr std::size_t kShown = 100, kMostShown = 10'000;

Awaitable<void> answer(http::Exchange& exchange, Lobby& lobby) {
    auto limit = http::query_value(exchange.head().query(), "limit");
    auto most = limit ? parse_number(*limit) : kShown;
    if (!most || *most > kMostShown) {
        exchange.reply(http::text_response(400, "limit has to be a number up to 10000.\n"));
        co_return;
    }
    auto page = http::json_response(200, print_rooms(list_rooms(lobby), *most) + "\n");
    page.fields.add("Cache-Control", "no-store");
    exchange.reply(std::move(page));
}

}  // namespace

std::vector<RoomLine> list_rooms(const Lobby& lobby) {
    std::vector<RoomLine> lines;
    lobby.rooms.each([&](const Room& room) {
        lines.push_back({hashed_topic(room.topic()), room.size(), lobby.members_elsewhere(room.topic())});
    });
    // Those that have members on other threads of this process alone.
    lobby.each_sibling_topic([&](const std::string& topic) {
        if (!lobby.rooms.find(topic))
            lines.push_back({hashed_topic(topic), 0, lobby.members_elsewhere(topic)});
    });
    return lines;
}

std::string print_rooms(std::vector<RoomLine> rooms, std::size_t most) {
    auto total = rooms.size();
    std::sort(rooms.begin(), rooms.end(), [](const RoomLine& a, const RoomLine& b) {
        auto left = a.members + a.elsewhere, right = b.members + b.elsewhere;
        return left != right ? left > right : a.room < b.room;
    });
    if (rooms.size() > most) rooms.resize(most);
    auto out = fmt::format("{{\"total\":{},\"rooms\":[", total);
    for (std::size_t i = 0; i < rooms.size(); ++i)
        out += fmt::format("{}{{\"room\":\"{}\",\"members\":{},\"elsewhere\":{}}}", i ? "," : "",
                           rooms[i].room, rooms[i].members, rooms[i].elsewhere);
    return out += "]}";
}

http::Handler make_room_list(Lobby& lobby) {
    return [&lobby](http::Exchange& exchange) { return answer(exchange, lobby); };
}

}  // namespace seance::signaling
