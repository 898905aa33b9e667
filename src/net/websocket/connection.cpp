#include "net/websocket/connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <utility>

#include "core/base/id.hpp"

namespace seance::websocket {
namespace {

constexpr std::size_t kFramesPerWrite = 64;
// The empty ping, serialised once for all connections of a process.
const SharedFrame& ping_frame() {
    static const SharedFrame frame = share_frame(Opcode::Ping, {});
    return frame;
}

// A text or binary message of ours, whole. The 101, which is no frame, begins like none of them.
bool is_message(const std::string& frame) {
    auto opcode = static_cast<unsigned char>(frame[0]) & 0x8FU;
    return opcode == 0x81 || opcode == 0x82;
}

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

MaskKey new_mask() {
    MaskKey mask;
    auto bytes = random_bytes(mask.size());
    std::memcpy(mask.data(), bytes.data(), mask.size());
    return mask;
}

}  // namespace

struct WebSocket::Reader {
    explicit Reader(Executor executor) : arrived(executor) {}
    std::deque<Message> inbox;
    Timer arrived;  // cancelled to wake the reader; a timer, since its wait can be cancelled from outside too
};

std::shared_ptr<WebSocket> WebSocket::make(Loop& loop, TcpSocket socket, const Options& options) {
    struct Made : WebSocket {
        Made(Loop& l, TcpSocket s, const Options& o) : WebSocket(l, std::move(s), o) {}
    };
    return std::make_shared<Made>(loop, std::move(socket), options);
}

std::shared_ptr<WebSocket> WebSocket::make_with_copy(Loop& loop, TcpSocket socket, const Options& options) {
    struct Owned {
        Options options;
    };
    struct Made : Owned, WebSocket {
        Made(Loop& l, TcpSocket s, const Options& o) : Owned{o}, WebSocket(l, std::move(s), Owned::options) {}
    };
    return std::make_shared<Made>(loop, std::move(socket), options);
}

WebSocket::WebSocket(Loop& loop, TcpSocket socket, const Options& options)
    : loop_(loop),
      socket_(std::move(socket)),
      options_(options),
      decoder_(options.role, options.max_message),
      deadline_(loop.deadlines(), &WebSocket::on_deadline, this) {}

WebSocket::~WebSocket() = default;

void WebSocket::start(Listener* listener, std::string preamble, std::string leftover) {
    listener_ = listener;
    if (!listener_) reader_ = std::make_unique<Reader>(loop_.executor());
    error_code ignored;
    // The HTTP server that a server's socket comes from has done so.
    if (options_.role == Role::Client) socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    heard_ = true;
    if (options_.ping_interval > Duration::zero())
        deadline_.arm(first_ping(options_.ping_interval, random_number()));
    if (!preamble.empty()) queue(std::make_shared<std::string>(std::move(preamble)));
    if (leftover.empty()) return read_on();
    // Not from inside start(): the listener may still be setting itself up.
    asio::post(loop_.executor(), [self = shared_from_this(), bytes = std::move(leftover)]() mutable {
        if (self->state_ == State::Ended) return;
        self->take(bytes);
        self->read_on();
    });
}

void WebSocket::use_deflate(std::uint8_t bits) {
    deflate_bits_ = bits;
    decoder_.allow_deflate();
}

// A reader that has messages waiting is not sent more: the peer feels it through TCP.
void WebSocket::read_on() {
    if (state_ == State::Ended || reading_ || (reader_ && !reader_->inbox.empty() && state_ == State::Open))
        return;
    reading_ = true;
    // Waits without a buffer: reading into the loop's scratch happens when there is something, at once and
    // without a turn of the loop in between.
    socket_.async_wait(TcpSocket::wait_read, [self = shared_from_this()](error_code error) {
        self->reading_ = false;
        if (self->state_ == State::Ended) return;
        if (error) return self->end();
        self->on_readable();
    });
}

void WebSocket::on_readable() {
    auto scratch = loop_.scratch();
    auto n = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && !would_block(errno))) return end();
    if (n > 0) {
        heard_ = true;
        take(std::span(scratch.data(), static_cast<std::size_t>(n)));
    }
    read_on();
}

void WebSocket::take(std::span<char> bytes) {
    while (state_ != State::Ended) {
        auto step = decoder_.take(bytes);
        bytes = bytes.subspan(step.consumed);
        if (step.kind == Decoder::Step::NeedMore) return;
        handle(step);
    }
}

void WebSocket::handle(const Decoder::Step& step) {
    using Kind = Decoder::Step::Kind;
    if (step.kind == Kind::Failed) {
        // Section 7.1.7: say why, then close without waiting for the peer's Close, which we could not tell
        // from garbage. The rest of its bytes is read and dropped, or the kernel would reset the connection
        // and take our Close frame away from it.
        if (state_ == State::Closing) return end();
        failed_ = true;
        begin_close(step.code, step.reason, true);
    } else if (step.kind == Kind::Close) {
        if (state_ == State::Open) {
            begin_close(step.code, step.payload, false);
        }
        state_ = State::Flushing;
        finish_when_flushed();
    } else if (state_ != State::Open) {
        return;  // section 5.5.1: after our Close frame nothing else matters
    } else if (step.kind == Kind::Ping) {
        send(Opcode::Pong, step.payload);
    } else if (step.kind == Kind::Message) {
        if (listener_) return listener_->on_message(step.opcode, step.payload);
        reader_->inbox.push_back({step.opcode, std::string(step.payload)});
        reader_->arrived.cancel();
    }
}

Awaitable<Result<WebSocket::Message>> WebSocket::read_message() {
    if (!reader_) throw std::logic_error("read_message() of a connection that has a listener");
    auto self = shared_from_this();
    while (reader_->inbox.empty()) {
        if (state_ == State::Ended) co_return error_code{asio::error::connection_aborted};
        read_on();
        reader_->arrived.expires_at(Instant::max());
        co_await reader_->arrived.async_wait(kAwait);
    }
    auto message = std::move(reader_->inbox.front());
    reader_->inbox.pop_front();
    co_return message;
}

void WebSocket::send(SharedFrame frame) {
    if (state_ != State::Open) return;
    if (options_.role == Role::Client)
        throw std::logic_error("a client's frames are masked: they cannot be shared");
    if (has_room_for(frame->size())) queue(std::move(frame));
}

void WebSocket::send(Opcode kind, std::string_view payload) {
    if (state_ == State::Open && has_room_for(payload.size())) queue_frame(kind, payload);
}

bool WebSocket::fits(std::size_t bytes) const {
    if (queued_ + bytes > options_.max_queue) return false;
    const auto* backlog = options_.backlog;
    return !backlog || !waiting_writable_ || backlog->used + bytes <= backlog->limit;
}

// Slow is who leaves the socket full, not who is sent much in one turn.
bool WebSocket::has_room_for(std::size_t bytes) {
    if (fits(bytes)) return true;
    if (!waiting_writable_ && !write_queue()) {
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
    bool mine = queued_ + bytes > options_.max_queue;
    drop_unsent();
    begin_close(close_code::kTryAgainLater,
                mine ? "reads too slowly" : "reads too slowly for a server short of memory", true);
    return false;
}

// Messages only: pings, pongs and what the peer has the beginning of stay.
void WebSocket::drop_oldest(std::size_t wanted) {
    for (std::size_t i = offset_ > 0 ? 1 : 0; i < queue_.size() && !fits(wanted);) {
        if (!is_message(*queue_[i])) {
            ++i;
            continue;
        }
        queued_ -= queue_[i]->size();
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
        if (options_.dropped) ++*options_.dropped;
        account();
    }
}

// Keeps the loop's backlog at what waits for slow readers.
void WebSocket::account() {
    if (!options_.backlog) return;
    auto waits = waiting_writable_ ? queued_ : 0;
    options_.backlog->used += waits - accounted_;
    accounted_ = waits;
}

// All but the frame that the peer has the beginning of.
void WebSocket::drop_unsent() {
    std::size_t kept = offset_ > 0 ? 1 : 0;
    queue_.resize(kept);
    queued_ = kept ? queue_.front()->size() - offset_ : 0;
    account();
}

void WebSocket::queue_frame(Opcode kind, std::string_view payload) {
    if (options_.role == Role::Server) {
        queue(kind == Opcode::Ping && payload.empty() ? ping_frame() : share_frame(kind, payload));
        return;
    }
    auto frame = std::make_shared<std::string>();
    append_masked_frame(*frame, kind, payload, new_mask());
    queue(std::move(frame));
}

void WebSocket::queue(SharedFrame frame) {
    if (state_ == State::Ended) return;
    queued_ += frame->size();
    queue_.push_back(std::move(frame));
    if (waiting_writable_) return account();
    if (flush_posted_) return;
    flush_posted_ = true;
    // Runs after the handlers of all connections that are readable in this turn, so what they cause to be
    // sent here leaves in one write; before the loop sleeps, so nothing is delayed.
    asio::post(loop_.executor(), [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

// As much as the socket takes. False: the connection is broken.
bool WebSocket::write_queue() {
    while (!queue_.empty()) {
        std::array<iovec, kFramesPerWrite> parts;
        std::size_t count = std::min(queue_.size(), parts.size());
        for (std::size_t i = 0; i < count; ++i)
            parts[i] = {const_cast<char*>(queue_[i]->data()), queue_[i]->size()};
        parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + offset_;
        parts[0].iov_len -= offset_;
        constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
        ssize_t n;
        if (count == 1) {
            n = ::send(socket_.native_handle(), parts[0].iov_base, parts[0].iov_len, kFlags);
        } else {
            msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = count;
            n = ::sendmsg(socket_.native_handle(), &message, kFlags);
        }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && !would_block(errno)) return false;
        if (n < 0) {
            wait_writable();
            return true;
        }
        sent(static_cast<std::size_t>(n));
    }
    queue_ = {};  // an idle connection holds no memory for what it may send
    return true;
}

void WebSocket::flush() {
    if (state_ == State::Ended || waiting_writable_) return;
    if (!write_queue()) return end();
    if (state_ == State::Open && !fits(0)) make_room(0);
    finish_when_flushed();
}

void WebSocket::wait_writable() {
    waiting_writable_ = true;
    account();
    socket_.async_wait(TcpSocket::wait_write, [self = shared_from_this()](error_code error) {
        self->waiting_writable_ = false;
        self->account();
        if (self->state_ == State::Ended) return;
        if (error) return self->end();
        self->flush();
    });
}

void WebSocket::sent(std::size_t bytes) {
    queued_ -= bytes;
    bytes += offset_;
    std::size_t whole = 0;
    while (whole < queue_.size() && bytes >= queue_[whole]->size()) bytes -= queue_[whole++]->size();
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(whole));
    offset_ = bytes;
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
    if (state_ == State::Open) begin_close(code, reason, true);
}

void WebSocket::begin_close(std::uint16_t code, std::string_view reason, bool by_us) {
    ending_ = std::make_unique<Ending>(Ending{code, std::string(reason), by_us});
    state_ = State::Closing;
    deadline_.arm(options_.close_timeout);
    // An answer repeats the code, and an empty Close is answered with an empty one.
    queue_frame(Opcode::Close,
                code == close_code::kNone ? std::string{} : close_payload(code, by_us ? reason : ""));
    if (reader_) reader_->arrived.cancel();
}

void WebSocket::finish_when_flushed() {
    if (!queue_.empty() || state_ == State::Ended) return;
    // The server closes the TCP connection first (section 7.1.1); a client waits for that, within the
    // deadline.
    if (state_ == State::Flushing && options_.role == Role::Server) return end();
    if (failed_ && !half_closed_) {
        half_closed_ = true;
        ::shutdown(socket_.native_handle(), SHUT_WR);
    }
}

void WebSocket::cancel() {
    asio::post(loop_.executor(), [self = shared_from_this()] { self->end(); });
}

void WebSocket::end() {
    if (state_ == State::Ended) return;
    state_ = State::Ended;
    deadline_.disarm();
    error_code ignored;
    socket_.close(ignored);
    queue_ = {};
    queued_ = 0;
    account();
    if (reader_) reader_->arrived.cancel();
    if (listener_) std::exchange(listener_, nullptr)->on_closed(ending());
}

const Ending& WebSocket::ending() const {
    static const Ending cut;
    return ending_ ? *ending_ : cut;
}

// The loop's sweep is walking its list now, so what may end connections runs after it.
void WebSocket::on_deadline(void* owner) {
    auto self = static_cast<WebSocket*>(owner)->shared_from_this();
    asio::post(self->loop_.executor(), [self] { self->on_tick(); });
}

void WebSocket::on_tick() {
    if (state_ == State::Ended) return;
    if (state_ != State::Open || !heard_) return end();
    heard_ = false;
    queue_frame(Opcode::Ping, {});
    deadline_.arm(options_.ping_interval);
}

}  // namespace seance::websocket
