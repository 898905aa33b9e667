#include <fmt/format.h>

#include "net/websocket/deflate.hpp"
#include "net/websocket/handshake.hpp"
#include "services/signaling/admission.hpp"
#include "services/signaling/app.hpp"

namespace seance::signaling {
namespace {

void refuse(http::Exchange& exchange, int status, std::string_view reason) {
    auto page = http::text_response(status, std::string(reason) + "\n");
    if (status == 426) page.fields.add("Sec-WebSocket-Version", "13");
    if (status == 503 || status == 429) page.fields.add("Retry-After", status == 503 ? "1" : "10");
    exchange.reply(std::move(page));
}

void upgrade(http::Exchange& exchange, Lobby& lobby) {
    const auto& head = exchange.head();
    auto answer = websocket::check_upgrade(head);
    if (answer.status != 101) return refuse(exchange, answer.status, answer.reason);
    if (lobby.draining()) {
        lobby.counters.refused_draining.add();
        return refuse(exchange, 503, "This server is going away, connect again.");
    }
    auto admission = admit(head, exchange.peer_address(), lobby.settings(), lobby.shared(), lobby.counters);
    if (admission.status != 101) return refuse(exchange, admission.status, admission.reason);

    Lobby::Arrival arrival;
    std::string extensions;
    if (lobby.settings().compression) {
        auto deflate = websocket::answer_deflate_offers(head.fields);
        arrival.deflate_bits = deflate.server_bits;
        extensions = std::move(deflate.field);
    }
    arrival.connection = ++lobby.shared().last_connection;
    arrival.place = admission.place;
    arrival.grants = std::move(admission.grants);
    arrival.response = websocket::upgrade_response(answer.accept, exchange.request_id(), extensions);
    if (exchange.is_logged()) exchange.log_fields(fmt::format(",\"connection\":{}", arrival.connection));
    auto taken = exchange.take_over();
    arrival.socket.emplace(std::move(taken.socket));
    arrival.leftover = std::move(taken.leftover);
    lobby.admit(std::move(arrival));
}

http::Response health(const Lobby& lobby) {
    auto replicas = lobby.link() ? fmt::format(",\"valkey\":{}", lobby.link()->open()) : std::string();
    auto page = http::json_response(
        lobby.draining() ? 503 : 200,
        fmt::format("{{\"status\":\"{}\",\"connections\":{},\"rooms\":{}{}}}",
                    lobby.draining() ? "draining" : "ok", lobby.counters.connections.value(),
                    lobby.counters.rooms.value(), replicas));
    page.fields.add("Cache-Control", "no-store");
    return page;
}

// Any path and method, as clients of the reference expect; /health is ours.
Awaitable<void> answer_request(http::Exchange& exchange, Lobby& lobby) {
    auto& head = exchange.head();
    if (head.upgrades_to_websocket) {
        upgrade(exchange, lobby);
    } else if (head.path() == "/health" && (head.method == "GET" || head.method == "HEAD")) {
        exchange.reply(health(lobby));
    } else {
        http::Response okay{200, {{"Content-Type", "text/plain"}}, "okay"};
        exchange.reply(std::move(okay));
    }
    co_return;
}

}  // namespace

http::Handler make_handler(Lobby& lobby) {
    return [&lobby](http::Exchange& exchange) { return answer_request(exchange, lobby); };
}

}  // namespace seance::signaling
