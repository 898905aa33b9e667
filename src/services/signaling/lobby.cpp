#include "services/signaling/lobby.hpp"

#include <utility>

#include "core/observe/log.hpp"

namespace seance::signaling {
namespace {

namespace close_code = websocket::close_code;

observe::Counter& messages(std::string type) {
    return observe::metrics().counter("seance_signaling_messages_total", "Messages from clients, by type",
                                      {{"type", std::move(type)}});
}

observe::Counter& closed(std::string why) {
    return observe::metrics().counter("seance_signaling_closed_total", "Connections that ended, by reason",
                                      {{"reason", std::move(why)}});
}

}  // namespace

Counters::Counters()
    : connections(observe::metrics().gauge("seance_signaling_connections", "Peers connected now")),
      rooms(observe::metrics().gauge("seance_signaling_rooms", "Topics with a subscriber now")),
      opened(observe::metrics().counter("seance_signaling_opened_total", "Peers that have connected")),
      refused(
          observe::metrics().counter("seance_signaling_refused_total", "Upgrades refused: full or draining")),
      subscribes(messages("subscribe")),
      unsubscribes(messages("unsubscribe")),
      publishes(messages("publish")),
      pings(messages("ping")),
      ignored(messages("other")),
      deliveries(observe::metrics().counter("seance_signaling_deliveries_total",
                                            "Messages relayed to a subscriber")),
      closed_by_peer(closed("peer")),
      closed_going_away(closed("draining")),
      closed_bad_message(closed("bad_message")),
      closed_too_big(closed("too_big")),
      closed_slow(closed("slow")),
      closed_broken(closed("broken")) {}

Lobby::Lobby(Loop& loop, const Settings& settings)
    : loop_(loop), settings_(settings), emptied_(loop.executor()) {
    socket_options_.max_message = settings.max_message_bytes;
    socket_options_.max_queue = settings.max_queue_bytes;
    socket_options_.ping_interval = settings.ping_interval;
    socket_options_.close_timeout = settings.close_timeout;
}

// Their sockets may outlive this by handlers that are still queued, which touch only the sockets.
Lobby::~Lobby() {
    peers_.clear_and_dispose([this](Peer* peer) {
        rooms.leave(*peer);
        delete peer;
    });
}

void Lobby::admit(websocket::TcpSocket socket, std::string response, std::string leftover, std::string id) {
    auto peer = std::make_unique<Peer>(
        *this, websocket::WebSocket::make(loop_, std::move(socket), socket_options_), std::move(id));
    peers_.push_back(*peer);
    counters.opened.add();
    counters.connections.set(static_cast<std::int64_t>(peers_.size()));
    observe::log(observe::Level::Debug, "peer_opened").field("request_id", peer->id());
    peer.release()->start(std::move(response), std::move(leftover));  // gone() deletes it
}

void Lobby::publish(const Message& message) {
    if (message.topic.empty()) return;
    auto* room = rooms.find(message.topic);
    if (!room) return;
    auto clients = room->size();
    room->deliver(relay_frame(message, clients));
    counters.deliveries.add(clients);
    for (auto* peer : std::exchange(leaving_, {})) rooms.leave(*peer);
}

void Lobby::gone(Peer& peer, const websocket::Ending& ending) {
    bool refused = ending.by_us && ending.code != close_code::kGoingAway;
    observe::log(refused ? observe::Level::Info : observe::Level::Debug, "peer_closed")
        .field("request_id", peer.id())
        .field("code", static_cast<unsigned>(ending.code))
        .field("reason", ending.by_us ? std::string_view(ending.reason) : "");
    auto& counter = ending.code == close_code::kAbnormal        ? counters.closed_broken
                    : !ending.by_us                             ? counters.closed_by_peer
                    : ending.code == close_code::kGoingAway     ? counters.closed_going_away
                    : ending.code == close_code::kTooBig        ? counters.closed_too_big
                    : ending.code == close_code::kTryAgainLater ? counters.closed_slow
                                                                : counters.closed_bad_message;
    counter.add();
    rooms.leave(peer);
    peers_.erase_and_dispose(peers_.iterator_to(peer), [](Peer* p) { delete p; });
    counters.connections.set(static_cast<std::int64_t>(peers_.size()));
    counters.rooms.set(static_cast<std::int64_t>(rooms.size()));
    if (peers_.empty() && draining_) emptied_.notify();
}

Awaitable<void> Lobby::drain() {
    draining_ = true;
    for (auto& peer : peers_) peer.close(close_code::kGoingAway, "the server is going away, connect again");
    while (!peers_.empty()) co_await emptied_.wait();
}

}  // namespace seance::signaling
