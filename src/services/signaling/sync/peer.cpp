#include "services/signaling/sync/peer.hpp"

#include <ctime>

#include "services/signaling/sync/hall.hpp"

namespace seance::signaling::sync {

namespace close_code = websocket::close_code;

// What may wait for a client that is answered: more than others' small updates of the same turn is an answer.
constexpr std::size_t kMostQueued = 64 << 10;

Peer::Peer(Hall& hall, std::shared_ptr<Keeper> keeper, std::shared_ptr<websocket::WebSocket> socket,
           Arrival arrival)
    : hall_(hall), keeper_(std::move(keeper)), socket_(std::move(socket)), arrival_(std::move(arrival)) {}

void Peer::start() {
    socket_->start(this, std::exchange(arrival_.response, {}), std::exchange(arrival_.leftover, {}));
    keeper_->room().join(*this);
}

bool Peer::may_write() const {
    return !arrival_.grants || arrival_.grants->on(arrival_.room, std::time(nullptr)) == Grants::Right::Write;
}

// One answer at a time: while the last one is on its way to a slow reader the next would only wait behind it.
bool Peer::takes_answer() {
    auto limit = hall_.settings().max_answer_bytes_per_second;
    return socket_->queued() <= kMostQueued && (limit == 0 || allowance_.left(limit, Clock::now()));
}

void Peer::leave_if_expired() {
    if (arrival_.grants && arrival_.grants->on(arrival_.room, std::time(nullptr)) == Grants::Right::None)
        refuse(close_code::kPolicy, "the room token has expired");
}

// Who is being closed is in the room no more, though its connection may take its time to end.
void Peer::refuse(std::uint16_t code, std::string_view reason) {
    socket_->close(code, reason);
    keeper_->room().leave(*this);
}

void Peer::on_message(websocket::Opcode kind, std::string_view payload) {
    if (kind != websocket::Opcode::Binary)
        return refuse(close_code::kPolicy, "messages of the y-websocket protocol are binary");
    auto limit = hall_.settings().max_messages_per_second;
    if (limit > 0 && !rate_.take(limit, Clock::now()))
        return refuse(close_code::kPolicy, "too many messages per second");
    if (auto refusal = hall_.take(*this, payload)) refuse(refusal->code, refusal->reason);
}

void Peer::on_closed(const websocket::Ending& ending) {
    hall_.gone(*this, ending);  // destroys this
}

}  // namespace seance::signaling::sync
