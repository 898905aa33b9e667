#include "services/signaling/sync/peer.hpp"

#include "services/signaling/sync/hall.hpp"

namespace seance::signaling::sync {

namespace close_code = websocket::close_code;

Peer::Peer(Hall& hall, std::shared_ptr<Keeper> keeper, std::shared_ptr<websocket::WebSocket> socket,
           std::string id, Access access)
    : hall_(hall),
      keeper_(std::move(keeper)),
      socket_(std::move(socket)),
      id_(std::move(id)),
      access_(access) {}

void Peer::start(std::string response, std::string leftover) {
    socket_->start(this, std::move(response), std::move(leftover));
    keeper_->room().join(*this);
}

void Peer::on_message(websocket::Opcode kind, std::string_view payload) {
    auto refusal =
        kind == websocket::Opcode::Binary
            ? hall_.take(*this, payload)
            : Room::Refusal{close_code::kPolicy, "messages of the y-websocket protocol are binary"};
    if (!refusal) return;
    // Who is being closed is in the room no more, though its connection may take its time to end.
    socket_->close(refusal->code, refusal->reason);
    keeper_->room().leave(*this);
}

void Peer::on_closed(const websocket::Ending& ending) {
    hall_.gone(*this, ending);  // destroys this
}

}  // namespace seance::signaling::sync
