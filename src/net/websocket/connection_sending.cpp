#include <boost/asio/post.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/base/id.hpp"
#include "net/websocket/connection.hpp"

// What a connection sends, and what becomes of it when its peer is slow. The rest is in connection.cpp.
namespace seance::websocket {
namespace {

// What is sent in one turn leaves at its end, in one write; more than this at once, so that what does not fit
// into the socket is known, and counted, before more is made.
constexpr std::size_t kMostPerTurn = 1 << 20;

// The empty ping, serialised once for all connections of a process.
const SharedFrame& ping_frame() {
    static const SharedFrame frame = share_frame(Opcode::Ping, {});
    return frame;
}

MaskKey new_mask() {
    MaskKey mask;
    auto bytes = random_bytes(mask.size());
    std::memcpy(mask.data(), bytes.data(), mask.size());
    return mask;
}

}  // namespace

bool WebSocket::send(SharedFrame frame) {
    if (state_ != State::Open) return false;
    if (options_.role == Role::Client)
        throw std::logic_error("a client's frames are masked: they cannot be shared");
    return has_room_for(frame->size()) && queue(std::move(frame));
}

void WebSocket::send(Opcode kind, std::string_view payload) {
    if (state_ == State::Open && has_room_for(payload.size())) queue(frame_of(kind, payload));
}

bool WebSocket::fits(std::size_t bytes) const {
    if (outbox_.bytes() + bytes > options_.max_queue) return false;
    const auto* backlog = options_.backlog;
    return !backlog || !waiting_writable_ || backlog->used + bytes <= backlog->limit;
}

// Slow is who leaves the socket full, not who is sent much in one turn.
bool WebSocket::has_room_for(std::size_t bytes) {
    if (fits(bytes)) return true;
    if (!waiting_writable_ && !write_outbox()) {
        cancel();
        return false;
    }
    if (fits(bytes)) return true;
    return make_room(bytes);
}

bool WebSocket::make_room(std::size_t bytes) {
    if (options_.slow_reader == SlowReader::DropOldest) {
        drop_oldest(bytes);
        if (fits(bytes)) return true;
        if (options_.dropped && bytes > 0) ++*options_.dropped;  // the new one itself
        return false;
    }
    bool mine = outbox_.bytes() + bytes > options_.max_queue;
    outbox_.drop_unsent();
    account();
    begin_close(close_code::kTryAgainLater,
                mine ? "reads too slowly" : "reads too slowly for a server short of memory", true);
    return false;
}

void WebSocket::drop_oldest(std::size_t wanted) {
    while (!fits(wanted)) {
        const auto messages = outbox_.drop_oldest_message();
        if (messages == 0) return;
        if (options_.dropped) *options_.dropped += messages;
        account();
    }
}

// Keeps the loop's backlog at what waits for a slow reader, and what has come of a message and waits for the
// rest.
void WebSocket::account() {
    if (!options_.backlog) return;
    auto waits = (waiting_writable_ ? outbox_.bytes() : 0) + decoder_.held();
    options_.backlog->used += waits - accounted_;
    accounted_ = waits;
}

SharedFrame WebSocket::frame_of(Opcode kind, std::string_view payload) const {
    if (options_.role == Role::Server)
        return kind == Opcode::Ping && payload.empty() ? ping_frame() : share_frame(kind, payload);
    std::string frame;
    append_masked_frame(frame, kind, payload, new_mask());
    return std::make_shared<Frame>(std::move(frame));
}

bool WebSocket::queue(SharedFrame frame) {
    if (state_ == State::Ended) return false;
    const bool grows = outbox_.push(std::move(frame));
    if (waiting_writable_) {
        account();
        return false;
    }
    if (outbox_.bytes() > kMostPerTurn) {
        if (!write_outbox()) {
            cancel();
            return false;
        }
        if (waiting_writable_ && state_ == State::Open && !fits(0)) make_room(0);
    }
    flusher_.queued();
    if (!std::exchange(in_flusher_, true)) flusher_.add(shared_from_this());
    return grows;
}

void WebSocket::flush_turn() {
    in_flusher_ = false;
    flush();
}

// As much as the socket takes. False: the connection is broken.
bool WebSocket::write_outbox() {
    auto written = outbox_.write_to(socket_);
    if (written == Outbox::Written::Some) wait_writable();
    return written != Outbox::Written::Failed;
}

void WebSocket::flush() {
    if (state_ == State::Ended || waiting_writable_) return;
    if (pong_ && state_ == State::Open) outbox_.push(frame_of(Opcode::Pong, *pong_));
    pong_.reset();
    if (!write_outbox()) return end();
    if (state_ == State::Open && !fits(0)) make_room(0);
    finish_when_flushed();
}

void WebSocket::wait_writable() {
    waiting_writable_ = true;
    account();
    socket_.async_wait(Reactor::kWriting, [self = shared_from_this()](error_code error) {
        self->waiting_writable_ = false;
        self->account();
        if (self->state_ == State::Ended) return;
        if (error) return self->end();
        self->flush();
    });
}

}  // namespace seance::websocket
