#include "net/websocket/connection.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <deque>
#include <stdexcept>
#include <utility>

#include "core/base/id.hpp"

namespace seance::websocket {
namespace {

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
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
      flusher_(Flusher::of(loop.executor())),
      socket_(std::move(socket)),
      options_(options),
      decoder_(options.role, options.max_message),
      deadline_(loop.deadlines(), &WebSocket::on_deadline, this) {}

WebSocket::~WebSocket() = default;

void WebSocket::start(Listener* listener, std::string preamble, std::string leftover) {
    listener_ = listener;
    if (!listener_) reader_ = std::make_unique<Reader>(loop_.executor());
    // The HTTP server that a server's socket comes from has done so.
    if (options_.role == Role::Client) socket_.set_no_delay();
    heard_ = true;
    if (options_.ping_interval > Duration::zero())
        deadline_.arm(first_ping(options_.ping_interval, random_number()));
    if (!preamble.empty()) queue(std::make_shared<Frame>(std::move(preamble)));
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
    if (state_ == State::Ended || reading_.of ||
        (reader_ && !reader_->inbox.empty() && state_ == State::Open))
        return;
    // Waits without a buffer: reading into the loop's scratch happens when there is something, at once and
    // without a turn of the loop in between.
    reading_.of = shared_from_this();
    socket_.start(Reactor::kReading, reading_);
}

void WebSocket::Reading::finish(End end, error_code why) {
    auto self = std::move(of);
    if (end == End::Now) return self->on_readable(why);
    if (end == End::Later) asio::post(self->loop_.executor(), [self, why] { self->on_readable(why); });
}

void WebSocket::on_readable(error_code error) {
    if (state_ == State::Ended) return;
    if (error) return end();
    auto scratch = loop_.scratch();
    auto n = socket_.receive_now(scratch.data(), scratch.size());
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
        if (step.kind == Decoder::Step::NeedMore) break;
        handle(step);
    }
    if (accounted_ == 0 && decoder_.held() == 0) return;
    account();
    if (state_ == State::Open && decoder_.held() > 0 && options_.backlog &&
        options_.backlog->used > options_.backlog->limit)
        fail(close_code::kTryAgainLater, "sends too slowly for a server short of memory");
}

// Says why, then closes without waiting for the peer's Close (section 7.1.7), which we could not tell from
// garbage. The rest of its bytes is read and dropped, or the kernel would reset the connection and take our
// Close frame away from it.
void WebSocket::fail(std::uint16_t code, std::string_view reason) {
    failed_ = true;
    decoder_.abandon();
    account();
    begin_close(code, reason, true);
}

// A peer that does not read gets an answer to its latest ping alone (section 5.5.3).
void WebSocket::answer_ping(std::string_view payload) {
    if (waiting_writable_)
        pong_ = std::make_unique<std::string>(payload);
    else
        send(Opcode::Pong, payload);
}

void WebSocket::handle(const Decoder::Step& step) {
    using Kind = Decoder::Step::Kind;
    if (step.kind == Kind::Failed) {
        if (state_ == State::Closing) return end();
        fail(step.code, step.reason);
    } else if (step.kind == Kind::Close) {
        if (state_ == State::Open) {
            begin_close(step.code, step.payload, false);
        }
        state_ = State::Flushing;
        finish_when_flushed();
    } else if (state_ != State::Open) {
        return;  // section 5.5.1: after our Close frame nothing else matters
    } else if (step.kind == Kind::Ping) {
        answer_ping(step.payload);
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

void WebSocket::close(std::uint16_t code, std::string_view reason) {
    if (state_ == State::Open) begin_close(code, reason, true);
}

void WebSocket::begin_close(std::uint16_t code, std::string_view reason, bool by_us) {
    ending_ = std::make_unique<Ending>(Ending{code, std::string(reason), by_us});
    state_ = State::Closing;
    deadline_.arm(options_.close_timeout);
    // An answer repeats the code, and an empty Close is answered with an empty one.
    queue(frame_of(Opcode::Close,
                   code == close_code::kNone ? std::string{} : close_payload(code, by_us ? reason : "")));
    if (reader_) reader_->arrived.cancel();
}

void WebSocket::finish_when_flushed() {
    if (!outbox_.empty() || state_ == State::Ended) return;
    // The server closes the TCP connection first (section 7.1.1); a client waits for that, within the
    // deadline.
    if (state_ == State::Flushing && options_.role == Role::Server) return end();
    if (failed_ && !half_closed_) {
        half_closed_ = true;
        socket_.shutdown_send();
    }
}

void WebSocket::cancel() {
    asio::post(loop_.executor(), [self = shared_from_this()] { self->end(); });
}

void WebSocket::end() {
    if (state_ == State::Ended) return;
    state_ = State::Ended;
    deadline_.disarm();
    socket_.close();
    outbox_.clear();
    decoder_.abandon();
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
    queue(frame_of(Opcode::Ping, {}));
    deadline_.arm(options_.ping_interval);
}

}  // namespace seance::websocket
