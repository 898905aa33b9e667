#include "services/signaling/peer.hpp"

#include "core/base/text.hpp"
#include "services/signaling/lobby.hpp"

namespace seance::signaling {
namespace {

namespace close_code = websocket::close_code;

const websocket::SharedFrame& pong() {
    static const auto frame = websocket::share_frame(websocket::Opcode::Text, R"({"type":"pong"})");
    return frame;
}

}  // namespace

Peer::Peer(Lobby& lobby, std::shared_ptr<websocket::WebSocket> socket, std::string id)
    : lobby_(lobby), socket_(std::move(socket)), id_(std::move(id)) {}

void Peer::start(std::string response, std::string leftover) {
    socket_->start(this, std::move(response), std::move(leftover));
}

// Who is being closed is in no room any more, though its connection may take its time to end.
void Peer::refuse(std::uint16_t code, std::string_view reason) {
    socket_->close(code, reason);
    lobby_.rooms.leave(*this);
}

void Peer::deliver(const websocket::SharedFrame& frame) {
    socket_->send(frame);
    if (!socket_->open()) lobby_.leaves_after_publish(*this);
}

void Peer::on_message(websocket::Opcode kind, std::string_view payload) {
    // Binary is read as text, as the reference does; text has been checked as it came.
    if (kind == websocket::Opcode::Binary && !is_utf8(payload))
        return refuse(close_code::kBadData, "the message is not UTF-8");
    auto parsed = lobby_.parser.parse(payload);
    if (!parsed) {
        auto code = parsed.error() == Errc::NotJson ? close_code::kBadData : close_code::kPolicy;
        return refuse(code, parsed.error().message());
    }
    const Message& message = **parsed;
    auto& counters = lobby_.counters;
    switch (message.type) {
        case Message::Type::Publish:
            counters.publishes.add();
            lobby_.publish(message);
            break;
        case Message::Type::Ping:
            counters.pings.add();
            socket_->send(pong());
            break;
        case Message::Type::Subscribe:
            counters.subscribes.add();
            subscribe(message.topics);
            break;
        case Message::Type::Unsubscribe:
            counters.unsubscribes.add();
            for (auto topic : message.topics) lobby_.rooms.unsubscribe(*this, topic);
            counters.rooms.set(static_cast<std::int64_t>(lobby_.rooms.size()));
            break;
        case Message::Type::Ignored:
            counters.ignored.add();
            break;
    }
}

void Peer::subscribe(const std::vector<std::string_view>& list) {
    for (auto topic : list) {
        if (topic.size() > lobby_.settings().max_topic_bytes)
            return refuse(close_code::kPolicy, "the topic is too long");
        if (topics() >= lobby_.settings().max_topics && !lobby_.rooms.has(*this, topic))
            return refuse(close_code::kPolicy, "too many topics on one connection");
        lobby_.rooms.subscribe(*this, topic);
    }
    lobby_.counters.rooms.set(static_cast<std::int64_t>(lobby_.rooms.size()));
}

void Peer::on_closed(const websocket::Ending& ending) {
    lobby_.gone(*this, ending);  // destroys this
}

}  // namespace seance::signaling
