#pragma once
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>

#include "net/websocket/connection.hpp"
#include "services/signaling/sync/keeper.hpp"

namespace seance::signaling::sync {

class Hall;

enum class Access { ReadAndWrite, ReadOnly };

// One connection to one room: its messages go to the room, and what the room sends goes out as frames. Owned
// by its hall.
class Peer final : public Member,
                   public websocket::WebSocket::Listener,
                   public boost::intrusive::list_base_hook<> {
  public:
    Peer(Hall& hall, std::shared_ptr<Keeper> keeper, std::shared_ptr<websocket::WebSocket> socket,
         std::string id, Access access);

    void start(std::string response, std::string leftover);
    void close(std::uint16_t code, std::string_view reason) { socket_->close(code, reason); }
    Keeper& keeper() { return *keeper_; }
    const std::string& id() const { return id_; }  // of the request that opened it

    void send(const websocket::SharedFrame& frame) override { socket_->send(frame); }
    bool may_write() const override { return access_ == Access::ReadAndWrite; }
    void on_message(websocket::Opcode kind, std::string_view payload) override;
    void on_closed(const websocket::Ending& ending) override;

  private:
    Hall& hall_;
    std::shared_ptr<Keeper> keeper_;
    std::shared_ptr<websocket::WebSocket> socket_;
    std::string id_;
    Access access_;
};

}  // namespace seance::signaling::sync
