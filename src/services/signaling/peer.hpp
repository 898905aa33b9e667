#pragma once
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>

#include "net/websocket/connection.hpp"
#include "services/signaling/room.hpp"

namespace seance::signaling {

class Lobby;

// One connection: turns its messages into calls on the rooms, and what the rooms deliver into frames. Owned
// by its lobby.
class Peer final : public Member,
                   public websocket::WebSocket::Listener,
                   public boost::intrusive::list_base_hook<> {
  public:
    Peer(Lobby& lobby, std::shared_ptr<websocket::WebSocket> socket, std::string id);

    void start(std::string response, std::string leftover);
    void close(std::uint16_t code, std::string_view reason) { socket_->close(code, reason); }
    void cancel() { socket_->cancel(); }
    const std::string& id() const { return id_; }  // of the request that opened it

    void deliver(const websocket::SharedFrame& frame) override;
    void on_message(websocket::Opcode kind, std::string_view payload) override;
    void on_closed(const websocket::Ending& ending) override;

  private:
    void subscribe(const std::vector<std::string_view>& topics);
    void refuse(std::uint16_t code, std::string_view reason);

    Lobby& lobby_;
    std::shared_ptr<websocket::WebSocket> socket_;
    std::string id_;
};

}  // namespace seance::signaling
