#include "services/signaling/room_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "core/base/text.hpp"
#include "core/runtime/signal.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/replicas/note.hpp"
#include "services/signaling/sync/hall.hpp"

namespace seance::signaling {
namespace {

constexpr std::size_t kShown = 100, kMostShown = 10'000;

std::size_t size_of(const RoomLine& line) {
    return line.members + line.elsewhere;
}

bool comes_before(const RoomLine& a, const RoomLine& b) {
    if (size_of(a) != size_of(b)) return size_of(a) > size_of(b);
    return a.room != b.room ? a.room < b.room : a.kind < b.kind;
}

// Asks all loops, and waits for their answers.
struct Inquiry {
    Inquiry(Executor executor, std::size_t most) : list(most), answered(executor) {}
    RoomList list;
    unsigned missing = 0;
    Signal answered;
};

Awaitable<RoomList> list_documents(sync::Doors& documents, std::size_t most) {
    auto here = co_await asio::this_coro::executor;
    Inquiry inquiry(here, most);
    inquiry.missing = documents.loops();
    sync::Doors::Work work = [&inquiry, here, most](sync::Hall* hall) {
        auto list = hall ? list_rooms(*hall, most) : RoomList(most);
        asio::post(here, [&inquiry, list = std::move(list)]() mutable {
            inquiry.list.add(std::move(list));
            if (--inquiry.missing == 0) inquiry.answered.notify();
        });
    };
    for (unsigned loop = 0; loop < documents.loops(); ++loop) documents.visit(loop, work);
    while (inquiry.missing > 0) co_await inquiry.answered.wait();
    co_return std::move(inquiry.list);
}

Awaitable<void> answer(http::Exchange& exchange, const Lobby& lobby, sync::Doors& documents) {
    auto limit = http::query_value(exchange.head().query(), "limit");
    auto most = limit ? parse_number(*limit) : kShown;
    if (!most || *most > kMostShown) {
        exchange.reply(http::text_response(400, "limit has to be a number up to 10000.\n"));
        co_return;
    }
    auto rooms = co_await list_documents(documents, *most);
    rooms.add(list_rooms(lobby, *most));
    auto page = http::json_response(200, rooms.print() + "\n");
    page.fields.add("Cache-Control", "no-store");
    exchange.reply(std::move(page));
}

}  // namespace

void RoomList::add(std::string_view name, RoomLine line) {
    ++total_;
    bool full = largest_.size() >= most_;
    if (full && (most_ == 0 || size_of(line) <= size_of(largest_.front()))) return;
    line.room = hashed_topic(name);
    keep(std::move(line));
}

void RoomList::add(RoomList other) {
    total_ += other.total_;
    for (auto& line : other.largest_) keep(std::move(line));
}

void RoomList::keep(RoomLine line) {
    largest_.push_back(std::move(line));
    std::push_heap(largest_.begin(), largest_.end(), comes_before);
    if (largest_.size() <= most_) return;
    std::pop_heap(largest_.begin(), largest_.end(), comes_before);
    largest_.pop_back();
}

std::string RoomList::print() const {
    auto rooms = largest_;
    std::sort(rooms.begin(), rooms.end(), comes_before);
    auto out = fmt::format("{{\"total\":{},\"rooms\":[", total_);
    for (const auto& line : rooms) {
        bool sync = line.kind == RoomLine::Kind::Sync;
        if (out.back() == '}') out += ',';
        out += fmt::format("{{\"room\":\"{}\",\"kind\":\"{}\",\"members\":{},\"{}\":{}}}", line.room,
                           sync ? "sync" : "signaling", line.members, sync ? "bytes" : "elsewhere",
                           sync ? line.bytes : line.elsewhere);
    }
    return out += "]}";
}

RoomList list_rooms(const Lobby& lobby, std::size_t most) {
    RoomList list(most);
    lobby.rooms.each([&](const Room& room) {
        RoomLine line;
        line.members = room.size();
        line.elsewhere = lobby.members_elsewhere(room);
        list.add(room.topic(), std::move(line));
    });
    // Those that have members on other threads of this process alone.
    lobby.each_sibling_topic([&](const std::string& topic) {
        if (lobby.rooms.find(topic)) return;
        RoomLine line;
        line.elsewhere = lobby.members_on_siblings(topic);
        list.add(topic, std::move(line));
    });
    return list;
}

RoomList list_rooms(const sync::Hall& hall, std::size_t most) {
    RoomList list(most);
    hall.each_room([&](const std::string& name, const sync::Room& room) {
        RoomLine line;
        line.members = room.members();
        line.bytes = room.size();
        line.kind = RoomLine::Kind::Sync;
        list.add(name, std::move(line));
    });
    return list;
}

http::Handler make_room_list(const Lobby& lobby, sync::Doors& documents) {
    return [&lobby, &documents](http::Exchange& exchange) { return answer(exchange, lobby, documents); };
}

}  // namespace seance::signaling
