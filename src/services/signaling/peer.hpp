#pragma once
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/websocket/connection.hpp"
#include "services/signaling/grants.hpp"
#include "services/signaling/places.hpp"
#include "services/signaling/rate.hpp"
#include "services/signaling/room.hpp"

namespace seance::signaling {

class Lobby;
struct Message;

// One connection: turns its messages into calls on the rooms, and what the rooms deliver into frames. Owned
// by its lobby. There are many, so it holds little.
class Peer final : public Member,
                   public websocket::WebSocket::Listener,
                   public boost::intrusive::list_base_hook<> {
  public:
    Peer(Lobby& lobby, std::shared_ptr<websocket::WebSocket> socket, std::uint64_t id, Places::Address place,
         std::unique_ptr<Grants> grants);

    void start(std::string response, std::string leftover);
    void close(std::uint16_t code, std::string_view reason) { socket_->close(code, reason); }
    void pong();
    void leave_if_expired(std::int64_t now);
    std::uint64_t id() const { return id_; }  // in logs and recordings
    Places::Address place() const { return place_; }

    void deliver(Delivery& delivery) override;
    void on_message(websocket::Opcode kind, std::string_view payload) override;
    void on_closed(const websocket::Ending& ending) override;

  private:
    void act_on(const Message& message);
    void publish(const Message& message);
    void subscribe(const std::vector<std::string_view>& topics);
    void refuse(std::uint16_t code, std::string_view reason);
    std::string_view sync_hint() const;

    Lobby& lobby_;
    std::shared_ptr<websocket::WebSocket> socket_;
    std::uint64_t id_;
    Places::Address place_;
    std::unique_ptr<Grants> grants_;  // none: all is allowed
    std::uint64_t joined_ = 0;        // what has to be settled before the next pong
    Rate rate_;
};

}  // namespace seance::signaling
