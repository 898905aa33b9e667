#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/runtime/loop.hpp"
#include "net/websocket/codec.hpp"
#include "net/websocket/flusher.hpp"
#include "net/websocket/outbox.hpp"

namespace seance::websocket {

using stream::TcpSocket;

// What happens when more waits for a peer than may: it is closed with 1013, or it loses the oldest messages
// that it has not the beginning of.
enum class SlowReader : std::uint8_t { Close, DropOldest };

// Bytes that wait for slow readers, and of messages that slow writers have sent in part, over all connections
// of a loop. What leaves at the end of the loop's turn is not counted: it waits for nobody.
struct Backlog {
    std::size_t limit = 0;
    std::size_t used = 0;
};

struct Options {
    Role role = Role::Server;
    std::size_t max_message = 1 << 20;  // bytes of one message from the peer; above: close 1009
    std::size_t max_queue = 1 << 20;    // bytes waiting for a peer that reads slowly; above: `slow_reader`
    SlowReader slow_reader = SlowReader::Close;
    Backlog* backlog = nullptr;        // no room in it for a slow reader: `slow_reader`; a slow writer: 1013
    std::uint64_t* dropped = nullptr;  // counts what DropOldest drops
    Duration ping_interval = std::chrono::seconds(30);  // a peer silent for two of them is gone; 0: never
    Duration close_timeout = std::chrono::seconds(5);   // from our Close frame to the end of the connection
};

// When a new connection is first pinged: after half of the interval to all of it. Thousands that come at once
// would otherwise be pinged at once, ever again, while everything else waits.
constexpr Duration first_ping(Duration interval, std::uint64_t random) {
    return interval / 2 +
           Duration(static_cast<Duration::rep>(
               random % static_cast<std::uint64_t>(interval.count() - interval.count() / 2 + 1)));
}

// How a connection ended: the code and reason of the Close frame that began the end.
struct Ending {
    std::uint16_t code = close_code::kAbnormal;  // kAbnormal: cut without a Close frame
    std::string reason;
    bool by_us = false;
};

// One WebSocket from handshake to close, on one loop. An idle server connection holds this object and one
// pending wait: no buffer, no coroutine.
//
// Frames sent in one turn of the loop leave in one write, at the turn's end (see Flusher). What does not fit
// into the socket waits, up to `max_queue`; then the peer loses its own connection (1013) and delays nobody.
class WebSocket : public std::enable_shared_from_this<WebSocket> {
  public:
    // Hears of one connection, on the loop and never from inside send() or close().
    class Listener {
      public:
        virtual void on_message(Opcode kind,
                                std::string_view payload) = 0;  // the view is good until it returns
        virtual void on_closed(const Ending& ending) = 0;       // once, last
      protected:
        ~Listener() = default;
    };

    // `options` must outlive the connection; many connections share them.
    static std::shared_ptr<WebSocket> make(Loop& loop, TcpSocket socket, const Options& options);
    // The same with options of its own.
    static std::shared_ptr<WebSocket> make_with_copy(Loop& loop, TcpSocket socket, const Options& options);
    ~WebSocket();

    // Begins: sends `preamble` (the 101) first and takes `leftover` as the first bytes of the peer. With a
    // listener each message goes to it; it must live until on_closed(). Without one: read_message().
    void start(Listener* listener, std::string preamble, std::string leftover);

    // Before start(): permessage-deflate was agreed on, without context takeover, and we may compress with a
    // window of `bits`.
    void use_deflate(std::uint8_t bits);
    std::uint8_t deflate_bits() const { return deflate_bits_; }  // 0: not agreed on

    struct Message {
        Opcode kind = Opcode::Text;
        std::string data;
    };
    // The next message; connection_aborted when there will be none (see ending()). One at a time.
    Awaitable<Result<Message>> read_message();

    // Server only: a frame is not masked. True: it may grow, and what it grows by is sent with it.
    bool send(SharedFrame frame);
    void send(Opcode kind, std::string_view payload);  // either role
    void close(std::uint16_t code,
               std::string_view reason);  // polite: waits for the peer up to close_timeout
    void cancel();                        // at once; on_closed() follows

    bool open() const { return state_ == State::Open; }  // false from the first Close frame on
    bool ended() const { return state_ == State::Ended; }
    std::size_t queued() const { return outbox_.bytes(); }
    const Ending& ending() const;

  private:
    // Open → Closing (our Close frame is queued) → Flushing (both sides have closed, or there is nobody to
    // wait for) → Ended.
    enum class State : std::uint8_t { Open, Closing, Flushing, Ended };
    struct Reader;

    // The wait for the peer's bytes, which keeps the connection alive.
    struct Reading final : Operation {
        bool attempt() override { return true; }
        void finish(End end, error_code why) override;
        std::shared_ptr<WebSocket> of;
    };

    WebSocket(Loop& loop, TcpSocket socket, const Options& options);
    void read_on();
    void on_readable(error_code error);
    void take(std::span<char> bytes);
    void handle(const Decoder::Step& step);
    void answer_ping(std::string_view payload);
    void fail(std::uint16_t code, std::string_view reason);
    bool queue(SharedFrame frame);
    SharedFrame frame_of(Opcode kind, std::string_view payload) const;
    void drop_oldest(std::size_t wanted);
    bool fits(std::size_t bytes) const;
    bool has_room_for(std::size_t bytes);
    bool make_room(std::size_t bytes);
    void account();
    bool write_outbox();
    friend Flusher;
    void flush_turn();
    void prefetch() const {
        __builtin_prefetch(&outbox_);
        __builtin_prefetch(&socket_);
        __builtin_prefetch(&state_);
    }
    void flush();
    void wait_writable();
    void begin_close(std::uint16_t code, std::string_view reason, bool by_us);
    void finish_when_flushed();
    void end();
    void on_tick();
    static void on_deadline(void* self);

    Loop& loop_;
    Flusher& flusher_;
    Reading reading_;
    TcpSocket socket_;
    const Options& options_;
    Listener* listener_ = nullptr;
    std::unique_ptr<Reader> reader_;  // only for read_message()
    Decoder decoder_;
    Deadline deadline_;
    Outbox outbox_;
    std::unique_ptr<std::string> pong_;  // for when the socket takes something again
    std::size_t accounted_ = 0;          // in the backlog
    std::unique_ptr<Ending> ending_;
    State state_ = State::Open;
    std::uint8_t deflate_bits_ = 0;
    bool in_flusher_ = false, waiting_writable_ = false;
    bool heard_ = false, failed_ = false, half_closed_ = false;
};

}  // namespace seance::websocket
