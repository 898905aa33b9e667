#include <fmt/format.h>

#include "net/websocket/handshake.hpp"
#include "services/signaling/app.hpp"
#include "services/signaling/sync/route.hpp"

namespace seance::signaling {
namespace {

void upgrade(http::Exchange& exchange, Lobby& lobby, sync::Hall* sync) {
    auto answer = websocket::check_upgrade(exchange.head());
    if (answer.status != 101) {
        auto page = http::text_response(answer.status, std::string(answer.reason) + "\n");
        if (answer.status == 426) page.fields.add("Sec-WebSocket-Version", "13");
        return exchange.reply(std::move(page));
    }
    if (lobby.full() || lobby.draining()) {
        lobby.counters.refused.add();
        auto page = http::text_response(503, lobby.full() ? "All places are taken, try again later.\n"
                                                          : "This server is going away, connect again.\n");
        page.fields.add("Retry-After", "1");
        return exchange.reply(std::move(page));
    }
    std::string room;
    if (sync && sync::is_sync_path(exchange.head().path())) {
        auto named = sync->room_of(exchange.head().path());
        if (!named) return exchange.reply(http::text_response(400, named.error().what + "\n"));
        room = std::move(*named);
        if (!sync->has_place_for(room)) {
            auto page = http::text_response(503, "There is no memory for more documents, try again later.\n");
            page.fields.add("Retry-After", "10");
            return exchange.reply(std::move(page));
        }
    }
    auto id = exchange.request_id();
    auto response = websocket::upgrade_response(answer.accept, id);
    auto taken = exchange.take_over();
    if (!room.empty())
        sync->admit(std::move(taken.socket), std::move(response), std::move(taken.leftover), std::move(id),
                    std::move(room));
    else
        lobby.admit(std::move(taken.socket), std::move(response), std::move(taken.leftover), std::move(id));
}

http::Response health(const Lobby& lobby) {
    auto page = http::json_response(
        lobby.draining() ? 503 : 200,
        fmt::format("{{\"status\":\"{}\",\"connections\":{},\"rooms\":{}}}",
                    lobby.draining() ? "draining" : "ok", lobby.connections(), lobby.rooms.size()));
    page.fields.add("Cache-Control", "no-store");
    return page;
}

// Any path and method, as clients of the reference expect; /health is ours.
Awaitable<void> answer_request(http::Exchange& exchange, Lobby& lobby, sync::Hall* sync) {
    auto& head = exchange.head();
    if (head.upgrades_to_websocket) {
        upgrade(exchange, lobby, sync);
    } else if (head.path() == "/health" && (head.method == "GET" || head.method == "HEAD")) {
        exchange.reply(health(lobby));
    } else {
        http::Response okay{200, {{"Content-Type", "text/plain"}}, "okay"};
        exchange.reply(std::move(okay));
    }
    co_return;
}

}  // namespace

http::Handler make_handler(Lobby& lobby, sync::Hall* sync) {
    return [&lobby, sync](http::Exchange& exchange) { return answer_request(exchange, lobby, sync); };
}

}  // namespace seance::signaling
