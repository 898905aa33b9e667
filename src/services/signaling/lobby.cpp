#include "services/signaling/lobby.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <limits>
#include <utility>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/signaling/farewell.hpp"

namespace seance::signaling {
namespace {

using namespace std::chrono_literals;
namespace close_code = websocket::close_code;

constexpr int kSecondsBetweenTokenChecks = 5;
constexpr std::size_t kMostRoomKept = 4096;  // frames

}  // namespace

Lobby::Lobby(Loop& loop, const Settings& settings, Shared& shared, unsigned index)
    : rooms(this),
      loop_(loop),
      settings_(settings),
      shared_(shared),
      index_(index),
      flusher_(websocket::Flusher::of(loop.executor())),
      alive_(std::make_shared<Lobby*>(this)),
      emptied_(loop.executor()) {
    backlog_.limit = settings.max_total_queue_bytes;
    socket_options_.max_message = settings.max_message_bytes;
    socket_options_.max_queue = settings.max_queue_bytes;
    socket_options_.slow_reader = settings.slow_reader;
    socket_options_.backlog = &backlog_;
    socket_options_.dropped = &dropped_;
    socket_options_.ping_interval = settings.ping_interval;
    socket_options_.close_timeout = settings.close_timeout;
    if (shared.hub) shared.hub->attach(index, loop.executor(), [this](Note& note) { on_note(note); });
    if (settings.valkey)
        link_.emplace(loop, settings, node_of(shared.process, index), static_cast<Link::Owner&>(*this));
    asio::co_spawn(loop.executor(), watch(alive_, loop), asio::detached);
}

// Their sockets may outlive this by handlers that are still queued, which touch only the sockets.
Lobby::~Lobby() {
    *alive_ = nullptr;
    link_.reset();
    if (shared_.hub) shared_.hub->detach(index_);
    rooms.watch(nullptr);
    peers_.clear_and_dispose([this](Peer* peer) {
        rooms.leave(*peer);
        delete peer;
    });
}

void Lobby::admit(Arrival arrival) {
    auto socket = websocket::WebSocket::make(loop_, std::move(*arrival.socket), socket_options_);
    if (arrival.deflate_bits != 0) socket->use_deflate(arrival.deflate_bits);
    auto peer = std::make_unique<Peer>(*this, std::move(socket), arrival.connection, arrival.place,
                                       std::move(arrival.grants));
    peers_.push_back(*peer);
    counters.opened.add();
    counters.connections.add(1);
    if (shared_.recorder) shared_.recorder->opened(arrival.connection);
    peer.release()->start(std::move(arrival.response), std::move(arrival.leftover));  // gone() deletes it
}

void Lobby::gone(Peer& peer, const websocket::Ending& ending) {
    bool refused = ending.by_us && ending.code != close_code::kGoingAway;
    observe::log(refused ? observe::Level::Info : observe::Level::Debug, "peer_closed")
        .field("connection", peer.id())
        .field("code", static_cast<unsigned>(ending.code))
        .field("reason", ending.by_us ? std::string_view(ending.reason) : "");
    auto& counter = ending.code == close_code::kAbnormal        ? counters.closed_broken
                    : !ending.by_us                             ? counters.closed_by_peer
                    : ending.code == close_code::kGoingAway     ? counters.closed_going_away
                    : ending.code == close_code::kTooBig        ? counters.closed_too_big
                    : ending.code == close_code::kTryAgainLater ? counters.closed_slow
                    : ending.code == close_code::kPolicy        ? counters.closed_policy
                                                                : counters.closed_bad_message;
    counter.add();
    rooms.leave(peer);
    std::erase_if(pings_, [&](const Ping& ping) { return ping.peer == &peer; });
    shared_.places.give_back(peer.place());
    peers_.erase_and_dispose(peers_.iterator_to(peer), [](Peer* p) { delete p; });
    counters.connections.add(-1);
    count_rooms();
    if (peers_.empty() && draining_) emptied_.notify();
}

void Lobby::count_rooms() {
    auto now = rooms.size();
    counters.rooms.add(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(rooms_told_));
    rooms_told_ = now;
}

// --- messages ---------------------------------------------------------------------------------------------

std::size_t Lobby::members_elsewhere(const Room& room) const {
    return siblings_.members(room.topic()) + (room.shared() ? room.shared()->elsewhere.members() : 0);
}

void Lobby::publish(const Message& message) {
    if (message.topic.empty()) return;
    auto* room = rooms.find(message.topic);
    const auto& siblings = siblings_.shares(message.topic);
    std::optional<Relay> relay;
    if (room) relay.emplace(message, room->size() + members_elsewhere(*room));
    websocket::SharedFrame frame;
    if (room && !siblings.empty()) {
        frame = websocket::new_frame(relay->frame_bytes());
        relay->append_frame(frame->next(relay->frame_bytes()));
    }
    for (const auto& share : siblings) {
        Note note;
        note.kind = room ? Note::Frame : Note::Text;
        note.from = index_;
        note.topic = message.topic;
        note.frame = frame;
        if (!room) note.text = message.text;
        shared_.hub->post(static_cast<unsigned>(share.node), std::move(note));
    }
    if (link_) link_->publish(message.topic, room ? room->shared() : nullptr, message.text);
    if (frame)
        deliver(*room, frame);
    else if (room)
        deliver(*room, *relay);
}

// Frames that all members of a room get one after the other until they are sent are one, for the outboxes and
// for the kernel: members are visited with the first.
template <class Append>
void Lobby::deliver(Room& room, std::size_t bytes, Append append) {
    const auto& last = room.last();
    if (last.turn == turn_ && gathered_[last.index]->takes(bytes)) {
        counters.deliveries.add(room.size());
        append(gathered_[last.index]->next(bytes));
        flusher_.queued();
        return;
    }
    // What a slow reader has the beginning of stays with it, so it is not to be more than may wait.
    const bool may_grow = settings_.max_queue_bytes >= websocket::Frame::kMostGathered;
    auto frame = may_grow ? websocket::growing_frame(bytes) : websocket::new_frame(bytes);
    append(frame->next(bytes));
    visit_members(room, frame);
}

void Lobby::visit_members(Room& room, const websocket::SharedFrame& frame) {
    counters.deliveries.add(room.size());
    Delivery delivery(frame, settings_.compress_from_bytes);
    room.deliver(delivery);
    if (frame->grows()) {
        room.set_last({turn_, gathered_.size()});
        gathered_.push_back(frame);
    }
    for (auto* peer : std::exchange(leaving_, {})) rooms.leave(*peer);
    time_fan_out();
}

void Lobby::deliver(Room& room, const Relay& relay) {
    deliver(room, relay.frame_bytes(), [&](std::string& out) { relay.append_frame(out); });
}

// Of one that several loops have: a large one is not copied for each.
void Lobby::deliver(Room& room, const websocket::SharedFrame& shared) {
    if (websocket::Frame::stays_alone(shared->size())) return visit_members(room, shared);
    deliver(room, shared->size(), [&](std::string& out) { out += shared->text(); });
}

// A publish of another loop or replica that is not a frame yet.
void Lobby::deliver_text(Room& room, std::string_view text) {
    const auto clients = room.size() + members_elsewhere(room);
    if (auto relay = Relay::of_parsed(text, clients)) return deliver(room, *relay);
    auto message = parser.parse(text);
    if (!message || (*message)->type != Message::Type::Publish || (*message)->topic != room.topic()) return;
    deliver(room, Relay(**message, clients));
}

void Lobby::on_remote_publish(const SharedTopic& topic, std::string_view text) {
    deliver_text(*topic.room, text);
}

void Lobby::on_note(Note& note) {
    if (note.kind == Note::Members) {
        siblings_.set(note.topic, note.from, note.members);
    } else if (auto* room = rooms.find(note.topic)) {
        if (note.kind == Note::Text)
            deliver_text(*room, note.text);
        else
            deliver(*room, note.frame);
    }
}

void Lobby::on_size(Room& room) {
    if (shared_.hub)
        for (unsigned other = 0; other < shared_.hub->loops(); ++other) {
            if (other == index_) continue;
            Note note;
            note.kind = Note::Members;
            note.from = index_;
            note.topic = room.topic();
            note.members = static_cast<std::uint32_t>(room.size());
            shared_.hub->post(other, std::move(note));
        }
    if (link_) link_->on_size(room);
}

bool Lobby::answer_ping(Peer& peer, std::uint64_t joined) {
    if (!link_ || link_->settled() >= joined) return true;
    pings_.push_back({joined, &peer});
    return false;
}

void Lobby::on_settled() {
    auto settled = link_->settled();
    std::erase_if(pings_, [&](const Ping& ping) {
        if (ping.joined > settled) return false;
        ping.peer->pong();
        return true;
    });
}

// Until what this turn delivers has left, which the websockets' flusher may put off for some turns.
void Lobby::time_fan_out() {
    if (fan_out_began_) return;
    fan_out_began_ = Clock::now();
    asio::post(loop_.executor(), [alive = alive_] {
        if (*alive) (*alive)->end_fan_out();
    });
}

void Lobby::end_fan_out() {
    if (flusher_.waits())
        return asio::post(loop_.executor(), [alive = alive_] {
            if (*alive) (*alive)->end_fan_out();
        });
    counters.fan_out.observe(std::chrono::duration<double>(Clock::now() - *fan_out_began_).count());
    fan_out_began_.reset();
    gathered_.clear();
    if (gathered_.capacity() > kMostRoomKept) gathered_.shrink_to_fit();
    ++turn_;
}

// --- time -------------------------------------------------------------------------------------------------

Awaitable<void> Lobby::watch(std::shared_ptr<Lobby*> self, Loop& loop) {
    Timer timer(loop.executor());
    std::int64_t backlog_told = 0;
    for (int seconds = 1; *self; ++seconds) {
        timer.expires_after(1s);
        auto [error] = co_await timer.async_wait(kAwait);
        if (error || !*self) co_return;
        auto& lobby = **self;
        auto waits = static_cast<std::int64_t>(lobby.backlog_.used);
        lobby.counters.backlog.add(waits - std::exchange(backlog_told, waits));
        lobby.counters.dropped_slow.add(lobby.dropped_ - std::exchange(lobby.dropped_told_, lobby.dropped_));
        if (lobby.settings_.room_token_secret.empty() || seconds % kSecondsBetweenTokenChecks != 0) continue;
        auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        for (auto& peer : lobby.peers_) peer.leave_if_expired(now);
    }
}

Awaitable<void> Lobby::drain() {
    draining_ = true;
    co_await say_farewell(peers_, settings_.drain_spread);
    while (!peers_.empty()) co_await emptied_.wait();
    if (link_) co_await link_->flush();
}

}  // namespace seance::signaling
