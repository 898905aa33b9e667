#pragma once
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/loop.hpp"
#include "core/runtime/signal.hpp"
#include "net/websocket/connection.hpp"
#include "services/signaling/counters.hpp"
#include "services/signaling/message.hpp"
#include "services/signaling/peer.hpp"
#include "services/signaling/presence.hpp"
#include "services/signaling/replicas/link.hpp"
#include "services/signaling/room.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/shared.hpp"

namespace seance::signaling {

// The peers of one loop and what they share. Owns them from the handshake to the end of the connection, and
// speaks for them with the other loops of the process and with other replicas.
class Lobby final : Rooms::Watcher, Link::Owner {
  public:
    Lobby(Loop& loop, const Settings& settings, Shared& shared, unsigned index);
    ~Lobby();

    bool draining() const { return draining_; }
    std::size_t connections() const { return peers_.size(); }
    const Settings& settings() const { return settings_; }
    Shared& shared() { return shared_; }
    const Link* link() const { return link_ ? &*link_ : nullptr; }
    std::size_t members_elsewhere(const Room& room) const;  // on other loops and replicas
    std::size_t members_on_siblings(std::string_view topic) const { return siblings_.members(topic); }
    template <class Visit>  // void(const std::string& topic): each with members on another loop
    void each_sibling_topic(Visit visit) const {
        siblings_.each_topic(visit);
    }

    struct Arrival {
        std::optional<websocket::TcpSocket> socket;
        std::string response, leftover;  // the 101; what the client sent after its request
        std::uint64_t connection = 0;    // its id in logs
        std::uint8_t deflate_bits = 0;
        Places::Address place = nullptr;
        std::unique_ptr<Grants> grants;  // none: rooms are open
    };
    void admit(Arrival arrival);
    Awaitable<void> drain();  // 1001 to everybody, over DRAIN_SPREAD, until all are gone

    // For peers.
    const websocket::Options& socket_options() const { return socket_options_; }
    void catch_up() {
        if (shared_.hub) shared_.hub->catch_up(index_);
    }
    void publish(const Message& message);
    // Whether what a peer joined up to now is known everywhere; else it gets its pong once it is.
    std::uint64_t joined() const { return link_ ? link_->joined() : 0; }
    bool answer_ping(Peer& peer, std::uint64_t joined);
    void leaves_after_publish(Peer& peer) { leaving_.push_back(&peer); }
    void gone(Peer& peer, const websocket::Ending& ending);
    void count_rooms();  // after rooms may have come or gone
    Rooms rooms;
    MessageParser parser;
    Counters counters;

  private:
    void on_size(Room& room) override;
    void on_remote_publish(const SharedTopic& topic, std::string_view text) override;
    void on_settled() override;
    void on_note(Note& note);
    template <class Append>  // void(std::string& out): a frame, of so many bytes at most
    void deliver(Room& room, std::size_t bytes, Append append);
    void deliver(Room& room, const Relay& relay);
    void deliver(Room& room, const websocket::SharedFrame& shared);
    void visit_members(Room& room, const websocket::SharedFrame& frame);
    void deliver_text(Room& room, std::string_view text);
    void time_fan_out();
    void end_fan_out();
    static Awaitable<void> watch(std::shared_ptr<Lobby*> self, Loop& loop);

    Loop& loop_;
    const Settings& settings_;
    Shared& shared_;
    const unsigned index_;
    websocket::Flusher& flusher_;
    websocket::Backlog backlog_;
    std::uint64_t dropped_ = 0, dropped_told_ = 0;
    websocket::Options socket_options_;
    boost::intrusive::list<Peer> peers_;
    std::vector<Peer*> leaving_;  // found closed while their room was being delivered to
    Presence siblings_;           // members on the other loops
    std::shared_ptr<Lobby*> alive_;
    std::optional<Link> link_;
    struct Ping {
        std::uint64_t joined;
        Peer* peer;
    };
    std::vector<Ping> pings_;  // wait until settled
    std::optional<Instant> fan_out_began_;
    // Frames that may grow, of the time since what was delivered before was sent: its number and they.
    std::uint64_t turn_ = 1;
    std::vector<websocket::SharedFrame> gathered_;
    std::size_t rooms_told_ = 0;
    bool draining_ = false;
    Signal emptied_;
};

}  // namespace seance::signaling
