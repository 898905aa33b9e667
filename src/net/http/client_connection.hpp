#pragma once
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/loop.hpp"
#include "net/http/client.hpp"
#include "net/http/parser.hpp"
#include "net/stream/stream.hpp"

namespace seance::http {

// More 1xx than this before the final response is a fault of the upstream.
inline constexpr int kMostInterim = 32;

// One connection to an upstream, for one exchange after another: write a request, read its response. Holds a
// buffer only while it is in use. Every wait has a deadline; when it passes the connection is closed
// and the pending call gives timed_out.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
  public:
    ClientConnection(Loop& loop, std::shared_ptr<const ClientOptions> options, stream::Stream stream);
    ~ClientConnection();
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    // Forgets the last response. With `buffer_at_once` the buffer is there before the first byte, which saves
    // a change of epoll's set; without, nothing is held while the upstream thinks.
    void begin_exchange(bool buffer_at_once);
    void end_exchange();  // gives the buffers back

    // Writes all of both, gathered, in as few calls as the socket takes.
    Awaitable<error_code> write(std::string_view head, std::string_view body);

    // The next head, of a 1xx or the final response; its views are good until end_exchange() (a 1xx's until
    // the next call). `to_head`: the request was HEAD. Waits without limit until arm_head_timeout() is
    // called. ClientErrc::BadResponse; eof if the peer ended before the first byte, ClientErrc::Truncated
    // after it.
    Awaitable<Result<const ResponseHead*>> read_head(bool to_head);
    void arm_head_timeout() { read_deadline_.arm(options_->head_timeout); }

    // The next piece of the body, empty at its end; good until the next call. What came with the head is
    // first.
    Awaitable<Result<std::string_view>> read_body();

    // The whole body if it came with the head to its last byte: one view. Nothing if it is to be read with
    // read_body().
    std::optional<std::string_view> take_whole_body();

    bool response_begun() const { return begun_; }
    bool reusable() const;  // the response is complete, both sides keep the connection, nothing is left over
    void do_not_reuse() { failed_ = true; }
    void close();  // pending calls fail at once
    bool is_open() const { return stream_.is_open(); }

    // Between exchanges: closes the connection as soon as the peer sends or ends, and calls `gone` then.
    void watch_idle(void (*gone)(void* pool, ClientConnection& self), std::weak_ptr<void> pool);
    void stop_watching();

    // For a tunnel: the bytes that came behind the 101, and the stream.
    std::string take_leftover();
    stream::Stream& stream() { return stream_; }

    std::string& text() { return text_; }  // scratch for whoever builds heads; keeps its memory
    const asio::ip::address& peer() const { return peer_; }
    Instant made() const { return made_; }
    Instant idle_since() const { return idle_since_; }
    bool used_before() const { return exchanges_ > 1; }

  private:
    Awaitable<error_code> fill();
    void take_buffer();
    bool make_room();
    void keep_head_apart();
    void make_body_room();
    std::string_view with_what_follows(std::string_view piece);
    std::optional<std::string_view> unchunk_in_place();
    static void on_idle_event(void* self, error_code error);
    void end_idle();
    error_code ended(error_code error) const;

    // Whatever comes while nothing was asked ends the connection.
    class IdleWatch final : public Operation {
      public:
        explicit IdleWatch(ClientConnection& connection) : connection_(connection) {}
        bool attempt() override { return true; }
        void finish(End end, error_code why) override;

      private:
        ClientConnection& connection_;
    };

    Loop& loop_;
    std::shared_ptr<const ClientOptions> options_;
    IdleWatch idle_watch_{*this};
    stream::Stream stream_;
    Deadline read_deadline_, write_deadline_;
    asio::ip::address peer_;
    Instant made_ = Clock::now(), idle_since_{};
    std::uint64_t exchanges_ = 0;

    BufferPool::Buffer buffer_, head_buffer_;
    std::size_t capacity_ = 0, head_end_ = 0, begin_ = 0, end_ = 0;
    ResponseParser parser_;
    std::unique_ptr<ResponseHead>
        head_;  // from the first byte of an answer to the exchange's end: it is large
    BodyDecoder body_;
    std::string text_;
    bool begun_ = false, have_head_ = false, failed_ = false, body_over_ = false, ended_while_idle_ = false;

    void (*gone_)(void*, ClientConnection&) = nullptr;
    std::weak_ptr<void> pool_;
    bool watching_ = false;
};

}  // namespace seance::http
