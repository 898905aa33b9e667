#include "services/signaling/peer.hpp"

#include <chrono>

#include "core/base/text.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/sync/frame.hpp"

namespace seance::signaling {
namespace {

namespace close_code = websocket::close_code;

const websocket::SharedFrame& pong_frame() {
    static const auto frame = websocket::share_frame(websocket::Opcode::Text, R"({"type":"pong"})");
    return frame;
}

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// What a WebsocketProvider says whose URL lacks /sync.
bool is_of_sync(std::string_view payload) {
    auto frame = sync::parse_frame(payload);
    return frame && frame->type != sync::Frame::Type::Other;
}

}  // namespace

Peer::Peer(Lobby& lobby, std::shared_ptr<websocket::WebSocket> socket, std::uint64_t id,
           Places::Address place, std::unique_ptr<Grants> grants)
    : lobby_(lobby), socket_(std::move(socket)), id_(id), place_(place), grants_(std::move(grants)) {}

void Peer::start(std::string response, std::string leftover) {
    socket_->start(this, std::move(response), std::move(leftover));
}

// Who is being closed is in no room any more, though its connection may take its time to end.
void Peer::refuse(std::uint16_t code, std::string_view reason) {
    socket_->close(code, reason);
    lobby_.rooms.leave(*this);
    lobby_.count_rooms();
}

void Peer::deliver(Delivery& delivery) {
    const bool may_grow = socket_->send(delivery.frame_for(socket_->deflate_bits()));
    if (!may_grow) delivery.seal();
    if (!socket_->open()) lobby_.leaves_after_publish(*this);
}

void Peer::pong() {
    socket_->send(pong_frame());
}

void Peer::leave_if_expired(std::int64_t now) {
    if (!grants_) return;
    for (const auto* room : rooms())
        if (grants_->on(room->topic(), now) == Grants::Right::None)
            return refuse(close_code::kPolicy, "the room token has expired");
}

void Peer::on_message(websocket::Opcode kind, std::string_view payload) {
    lobby_.catch_up();
    lobby_.counters.bytes_in.add(payload.size());
    if (auto limit = lobby_.settings().max_messages_per_second; limit > 0 && !rate_.take(limit, Clock::now()))
        return refuse(close_code::kPolicy, "too many messages per second");
    // Binary is read as text, as the reference does; text has been checked as it came.
    if (kind == websocket::Opcode::Binary && !is_utf8(payload))
        return refuse(close_code::kBadData, is_of_sync(payload) ? sync_hint() : "the message is not UTF-8");
    auto parsed = lobby_.parser.parse(payload);
    if (auto& recorder = lobby_.shared().recorder)
        recorder->received(id_, payload, parsed ? *parsed : nullptr);
    if (!parsed) {
        auto code = parsed.error() == Errc::NotJson ? close_code::kBadData : close_code::kPolicy;
        if (kind == websocket::Opcode::Binary && is_of_sync(payload))
            return refuse(close_code::kBadData, sync_hint());
        return refuse(code, parsed.error().message());
    }
    act_on(**parsed);
}

std::string_view Peer::sync_hint() const {
    return lobby_.settings().sync.enabled
               ? "this is y-websocket's protocol: use /sync/<room>"
               : "this is y-websocket's protocol: use /sync/<room>, with SYNC=true on the server";
}

void Peer::act_on(const Message& message) {
    auto& counters = lobby_.counters;
    switch (message.type) {
        case Message::Type::Publish:
            counters.publishes.add();
            return publish(message);
        case Message::Type::Ping:
            counters.pings.add();
            if (lobby_.answer_ping(*this, joined_)) pong();
            return;
        case Message::Type::Subscribe:
            counters.subscribes.add();
            subscribe(message.topics);
            return lobby_.count_rooms();
        case Message::Type::Unsubscribe:
            counters.unsubscribes.add();
            for (auto topic : message.topics) lobby_.rooms.unsubscribe(*this, topic);
            return lobby_.count_rooms();
        case Message::Type::Ignored:
            counters.ignored.add();
            return;
    }
}

void Peer::publish(const Message& message) {
    if (grants_) {
        auto right = grants_->on(message.topic, unix_now());
        if (right == Grants::Right::None) return lobby_.counters.dropped_no_token.add();
        if (right == Grants::Right::Read) return lobby_.counters.dropped_read_only.add();
    }
    lobby_.publish(message);
}

void Peer::subscribe(const std::vector<std::string_view>& list) {
    for (auto topic : list) {
        if (topic.size() > lobby_.settings().max_topic_bytes)
            return refuse(close_code::kPolicy, "the topic is too long");
        if (lobby_.rooms.has(*this, topic)) continue;
        if (topics() >= lobby_.settings().max_topics)
            return refuse(close_code::kPolicy, "too many topics on one connection");
        if (grants_ && grants_->on(topic, unix_now()) == Grants::Right::None)
            return refuse(close_code::kPolicy, "no valid room token for this topic");
        if (lobby_.rooms.bytes() + lobby_.rooms.cost(topic) > lobby_.settings().max_total_topic_bytes)
            return refuse(close_code::kTryAgainLater, "there is no memory for more topics");
        lobby_.rooms.subscribe(*this, topic);
    }
    joined_ = lobby_.joined();
}

void Peer::on_closed(const websocket::Ending& ending) {
    if (auto& recorder = lobby_.shared().recorder) recorder->closed(id_);
    lobby_.gone(*this, ending);  // destroys this
}

}  // namespace seance::signaling
