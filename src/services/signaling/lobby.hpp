#pragma once
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/observe/metrics.hpp"
#include "core/runtime/loop.hpp"
#include "core/runtime/signal.hpp"
#include "net/websocket/connection.hpp"
#include "services/signaling/message.hpp"
#include "services/signaling/peer.hpp"
#include "services/signaling/room.hpp"
#include "services/signaling/settings.hpp"

namespace seance::signaling {

struct Counters {
    Counters();
    observe::Gauge &connections, &rooms;
    observe::Counter &opened, &refused, &subscribes, &unsubscribes, &publishes, &pings, &ignored, &deliveries,
        &closed_by_peer, &closed_going_away, &closed_bad_message, &closed_too_big, &closed_slow,
        &closed_broken;
};

// The peers of one loop and what they share. Owns them from the handshake to the end of the connection.
class Lobby {
  public:
    Lobby(Loop& loop, const Settings& settings);
    ~Lobby();

    bool full() const { return peers_.size() >= settings_.max_connections; }
    bool draining() const { return draining_; }
    std::size_t connections() const { return peers_.size(); }

    // `response` is the 101, `leftover` what the client sent after its request.
    void admit(websocket::TcpSocket socket, std::string response, std::string leftover, std::string id);
    Awaitable<void> drain();  // 1001 to everybody, until all are gone

    // For peers.
    const Settings& settings() const { return settings_; }
    const websocket::Options& socket_options() const { return socket_options_; }
    void publish(const Message& message);
    void leaves_after_publish(Peer& peer) { leaving_.push_back(&peer); }
    void gone(Peer& peer, const websocket::Ending& ending);
    Rooms rooms;
    MessageParser parser;
    Counters counters;

  private:
    Loop& loop_;
    const Settings& settings_;
    websocket::Options socket_options_;
    boost::intrusive::list<Peer> peers_;
    std::vector<Peer*> leaving_;  // found closed while their room was being delivered to
    bool draining_ = false;
    Signal emptied_;
};

}  // namespace seance::signaling
