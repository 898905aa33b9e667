#pragma once
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>

#include "net/websocket/connection.hpp"
#include "services/signaling/rate.hpp"
#include "services/signaling/sync/answer_allowance.hpp"
#include "services/signaling/sync/doors.hpp"
#include "services/signaling/sync/keeper.hpp"

namespace seance::signaling::sync {

class Hall;

// One connection to one room: its messages go to the room, and what the room sends goes out as frames. Owned
// by its hall.
class Peer final : public Member,
                   public websocket::WebSocket::Listener,
                   public boost::intrusive::list_base_hook<> {
  public:
    // `arrival` without its socket.
    Peer(Hall& hall, std::shared_ptr<Keeper> keeper, std::shared_ptr<websocket::WebSocket> socket,
         Arrival arrival);

    void start();
    void close(std::uint16_t code, std::string_view reason) { socket_->close(code, reason); }
    Keeper& keeper() { return *keeper_; }
    std::uint64_t id() const { return arrival_.connection; }
    void leave_if_expired();  // its token

    void send(const websocket::SharedFrame& frame) override { socket_->send(frame); }
    bool may_write() const override;
    bool takes_answer() override;
    void answered(std::size_t bytes) override { allowance_.spend(bytes); }
    void on_message(websocket::Opcode kind, std::string_view payload) override;
    void on_closed(const websocket::Ending& ending) override;

  private:
    void refuse(std::uint16_t code, std::string_view reason);

    Hall& hall_;
    std::shared_ptr<Keeper> keeper_;
    std::shared_ptr<websocket::WebSocket> socket_;
    Arrival arrival_;
    Rate rate_;
    AnswerAllowance allowance_;
};

}  // namespace seance::signaling::sync
