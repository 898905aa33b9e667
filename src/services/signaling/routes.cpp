#include <fmt/format.h>

#include <ctime>
#include <memory>
#include <optional>

#include "core/observe/log.hpp"
#include "net/websocket/deflate.hpp"
#include "net/websocket/handshake.hpp"
#include "services/signaling/admission.hpp"
#include "services/signaling/app.hpp"
#include "services/signaling/sync/hall.hpp"
#include "services/signaling/sync/route.hpp"
#include "services/signaling/turn/endpoint.hpp"

namespace seance::signaling {
namespace {

// The log gets the reason as well, for whoever has to find out why nobody can connect.
void log_reason(http::Exchange& exchange, std::string_view reason, std::string_view details) {
    if (!exchange.is_logged()) return;
    std::string fields = ",\"reason\":";
    observe::append_json_string(fields, reason);
    exchange.log_fields(fields.append(details));
}

void refuse(http::Exchange& exchange, int status, std::string_view reason, std::string_view details = {}) {
    log_reason(exchange, reason, details);
    auto page = http::text_response(status, fmt::format("Refused: {}.\n", reason));
    if (status == 426) page.fields.add("Sec-WebSocket-Version", "13");
    if (status == 503 || status == 429) page.fields.add("Retry-After", status == 503 ? "1" : "10");
    exchange.reply(std::move(page));
}

// To the y-websocket protocol, in the room that the path names.
void upgrade_to_sync(http::Exchange& exchange, Lobby& lobby, std::string_view accept, Admission admission) {
    auto& shared = lobby.shared();
    auto give_back = [&shared, address = admission.place](void*) { shared.places.give_back(address); };
    std::shared_ptr<void> place(&shared, std::move(give_back));
    auto room = sync::room_of_path(exchange.head().path(), lobby.settings().sync.max_room_bytes);
    if (!room) return refuse(exchange, 400, room.error().what);
    if (admission.grants && admission.grants->on(*room, std::time(nullptr)) == Grants::Right::None)
        return refuse(exchange, 403, "the room token is for other rooms");

    sync::Arrival arrival;
    arrival.connection = ++shared.last_connection;
    arrival.room = std::move(*room);
    arrival.grants = std::move(admission.grants);
    arrival.place = std::move(place);
    arrival.response = websocket::upgrade_response(accept, exchange.request_id());
    if (exchange.is_logged()) exchange.log_fields(fmt::format(",\"connection\":{}", arrival.connection));
    auto taken = exchange.take_over();
    arrival.leftover = std::move(taken.leftover);
    arrival.socket.fd = taken.socket.release();
    if (arrival.socket.fd >= 0) shared.documents.doors.hand_over(std::move(arrival));
}

void upgrade(http::Exchange& exchange, Lobby& lobby) {
    const auto& head = exchange.head();
    auto answer = websocket::check_upgrade(head);
    if (answer.status != 101) return refuse(exchange, answer.status, answer.reason);
    if (lobby.draining()) {
        lobby.counters.refused_draining.add();
        return refuse(exchange, 503, "this server is going away, connect again");
    }
    auto admission = admit(head, exchange.peer_address(), lobby.settings(), lobby.shared(), lobby.counters);
    if (admission.status != 101)
        return refuse(exchange, admission.status, admission.reason, admission.details);
    if (lobby.settings().sync.enabled && sync::is_sync_path(head.path()))
        return upgrade_to_sync(exchange, lobby, answer.accept, std::move(admission));

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

http::Response health(const Lobby& lobby, const sync::Counters* sync) {
    auto text = fmt::format("{{\"status\":\"{}\",\"connections\":{},\"rooms\":{}",
                            lobby.draining() ? "draining" : "ok", lobby.counters.connections.value(),
                            lobby.counters.rooms.value());
    if (sync)
        text += fmt::format(",\"sync\":{{\"connections\":{},\"rooms\":{}}}", sync->connections.value(),
                            sync->rooms.value());
    if (lobby.link()) text += fmt::format(",\"valkey\":{}", lobby.link()->open());
    auto page = http::json_response(lobby.draining() ? 503 : 200, text + "}");
    page.fields.add("Cache-Control", "no-store");
    return page;
}

// Of an answer of /turn, whose body is one line that says why.
void log_refusal(http::Exchange& exchange, const http::Response& page, const Settings& settings) {
    std::string_view reason(page.body);
    reason = reason.substr(0, reason.find('\n'));
    if (reason.starts_with("Refused: ")) reason.remove_prefix(std::string_view("Refused: ").size());
    std::string hint;
    if (page.status == 429)
        hint = proxy_hint(exchange.head().fields, exchange.peer_address(), settings.trusted);
    log_reason(exchange, reason, hint);
}

// What the answers of a loop need beside its lobby.
struct Beside {
    explicit Beside(const Settings& settings) : turn(settings) {
        if (settings.sync.enabled) sync.emplace();
    }
    turn::Endpoint turn;
    std::optional<sync::Counters> sync;  // with SYNC
};

// Any path and method, as clients of the reference expect; /health is ours.
Awaitable<void> answer_request(http::Exchange& exchange, Lobby& lobby, Beside& beside) {
    auto& head = exchange.head();
    if (head.upgrades_to_websocket) {
        upgrade(exchange, lobby);
    } else if (head.path() == "/health" && (head.method == "GET" || head.method == "HEAD")) {
        exchange.reply(health(lobby, beside.sync ? &*beside.sync : nullptr));
    } else if (head.path() == turn::kPath) {
        auto page = beside.turn.answer(head, exchange.peer_address());
        if (page.status >= 400) log_refusal(exchange, page, lobby.settings());
        exchange.reply(std::move(page));
    } else {
        http::Response okay{200, {{"Content-Type", "text/plain"}}, "okay"};
        exchange.reply(std::move(okay));
    }
    co_return;
}

}  // namespace

http::Handler make_handler(Lobby& lobby) {
    auto beside = std::make_shared<Beside>(lobby.settings());
    return [&lobby, beside](http::Exchange& exchange) { return answer_request(exchange, lobby, *beside); };
}

}  // namespace seance::signaling
