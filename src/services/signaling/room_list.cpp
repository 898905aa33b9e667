#include "services/signaling/room_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <iterator>

#include "core/base/text.hpp"
#include "core/runtime/signal.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/replicas/note.hpp"
#include "services/signaling/sync/hall.hpp"

namespace seance::signaling {
namespace {

constexpr std::size_t kShown = 100, kMostShown = 10'000;

// Asks all loops, and waits for their answers.
struct Inquiry {
    explicit Inquiry(Executor executor) : answered(executor) {}
    std::vector<RoomLine> lines;
    unsigned missing = 0;
    Signal answered;
};

Awaitable<std::vector<RoomLine>> list_documents(sync::Doors& documents) {
    auto here = co_await asio::this_coro::executor;
    Inquiry inquiry(here);
    inquiry.missing = documents.loops();
    sync::Doors::Work work = [&inquiry, here](sync::Hall* hall) {
        auto lines = hall ? list_rooms(*hall) : std::vector<RoomLine>();
        asio::post(here, [&inquiry, lines = std::move(lines)] {
            inquiry.lines.insert(inquiry.lines.end(), lines.begin(), lines.end());
            if (--inquiry.missing == 0) inquiry.answered.notify();
        });
    };
    for (unsigned loop = 0; loop < documents.loops(); ++loop) documents.visit(loop, work);
    while (inquiry.missing > 0) co_await inquiry.answered.wait();
    co_return std::move(inquiry.lines);
}

Awaitable<void> answer(http::Exchange& exchange, const Lobby& lobby, sync::Doors& documents) {
    auto limit = http::query_value(exchange.head().query(), "limit");
    auto most = limit ? parse_number(*limit) : kShown;
    if (!most || *most > kMostShown) {
        exchange.reply(http::text_response(400, "limit has to be a number up to 10000.\n"));
        co_return;
    }
    auto rooms = co_await list_documents(documents);
    auto topics = list_rooms(lobby);
    rooms.insert(rooms.end(), std::make_move_iterator(topics.begin()), std::make_move_iterator(topics.end()));
    auto page = http::json_response(200, print_rooms(std::move(rooms), *most) + "\n");
    page.fields.add("Cache-Control", "no-store");
    exchange.reply(std::move(page));
}

}  // namespace

std::vector<RoomLine> list_rooms(const Lobby& lobby) {
    std::vector<RoomLine> lines;
    lobby.rooms.each([&](const Room& room) {
        lines.push_back({.room = hashed_topic(room.topic()),
                         .members = room.size(),
                         .elsewhere = lobby.members_elsewhere(room.topic())});
    });
    // Those that have members on other threads of this process alone.
    lobby.each_sibling_topic([&](const std::string& topic) {
        if (!lobby.rooms.find(topic))
            lines.push_back({.room = hashed_topic(topic), .elsewhere = lobby.members_elsewhere(topic)});
    });
    return lines;
}

std::vector<RoomLine> list_rooms(const sync::Hall& hall) {
    std::vector<RoomLine> lines;
    hall.each_room([&](const std::string& name, const sync::Room& room) {
        lines.push_back({.room = hashed_topic(name),
                         .members = room.members(),
                         .bytes = room.size(),
                         .kind = RoomLine::Kind::Sync});
    });
    return lines;
}

std::string print_rooms(std::vector<RoomLine> rooms, std::size_t most) {
    auto total = rooms.size();
    std::sort(rooms.begin(), rooms.end(), [](const RoomLine& a, const RoomLine& b) {
        auto left = a.members + a.elsewhere, right = b.members + b.elsewhere;
        if (left != right) return left > right;
        return a.room != b.room ? a.room < b.room : a.kind < b.kind;
    });
    if (rooms.size() > most) rooms.resize(most);
    auto out = fmt::format("{{\"total\":{},\"rooms\":[", total);
    for (const auto& line : rooms) {
        bool sync = line.kind == RoomLine::Kind::Sync;
        if (out.back() == '}') out += ',';
        out += fmt::format("{{\"room\":\"{}\",\"kind\":\"{}\",\"members\":{},\"{}\":{}}}", line.room,
                           sync ? "sync" : "signaling", line.members, sync ? "bytes" : "elsewhere",
                           sync ? line.bytes : line.elsewhere);
    }
    return out += "]}";
}

http::Handler make_room_list(const Lobby& lobby, sync::Doors& documents) {
    return [&lobby, &documents](http::Exchange& exchange) { return answer(exchange, lobby, documents); };
}

}  // namespace seance::signaling
