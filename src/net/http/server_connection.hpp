#pragma once
#include <sys/uio.h>

#include <boost/intrusive/list.hpp>

#include "core/observe/metrics.hpp"
#include "core/runtime/signal.hpp"
#include "net/http/parser.hpp"
#include "net/http/server.hpp"

namespace seance::http {

// A connection as its server's list sees it.
class OpenConnection : public boost::intrusive::list_base_hook<> {
  public:
    virtual void begin_drain() = 0;  // closes an idle connection at once, a busy one after its answer

  protected:
    ~OpenConnection() = default;
};

// What the connections of one server share.
struct ServerShared {
    ServerShared(Loop& l, ServerOptions o, Handler h);

    // What a request needs while it is worked on, so that an idle connection holds none of it.
    struct Work {
        static constexpr std::size_t kFirst = 1024;  // of most requests' heads; many wait for long
        Work() : buffer(new char[kFirst]) {}
        void grow(std::size_t to, std::size_t filled);  // keeps the first `filled` bytes
        std::unique_ptr<char[]> buffer;
        std::size_t capacity = kFirst;
        RequestHead head;
        std::string out;       // the response head, and chunk framing
        std::string end;       // the last lines of a whole response's head
        std::string out_body;  // of a whole response
        std::string request_id;
        std::string log_fields;
    };
    std::unique_ptr<Work> take_work();
    void give_back(std::unique_ptr<Work> work);

    Loop& loop;
    ServerOptions options;
    Handler handler;
    bool draining = false;
    std::size_t unwrapping = 0;  // accepted, and not served yet
    boost::intrusive::list<OpenConnection> connections;
    Signal emptied;
    std::vector<std::unique_ptr<Work>> spare_work;
    observe::Counter* by_class[6];
    observe::Gauge& open;
    observe::Counter& refused;
    observe::Histogram& seconds;
};

// One client's TCP connection: reads requests, gives them to the handler one at a time, writes the answers.
class Connection final : public Exchange,
                         public OpenConnection,
                         public std::enable_shared_from_this<Connection> {
  public:
    Connection(std::shared_ptr<ServerShared> shared, TcpSocket socket, const asio::ip::tcp::endpoint& peer);
    ~Connection() override;

    static Awaitable<void> run(std::shared_ptr<Connection> self);
    void begin_drain() override;

    const RequestHead& head() const override { return work_->head; }
    Loop& loop() override { return shared_->loop; }
    std::string_view peer_address() const override { return peer_address_; }
    const std::string& request_id() override;
    Awaitable<Result<std::string_view>> read_body() override;
    void limit_body(std::uint64_t most) override { max_body_ = most; }
    void reply(Response response) override;
    void reply(PreparedResponse response) override;
    Awaitable<error_code> start(int status, const Fields& fields,
                                std::optional<std::uint64_t> length) override;
    void start_with_next(int status, const Fields& fields) override;
    Awaitable<error_code> write(std::string_view data) override;
    Awaitable<error_code> send_file(int fd, std::uint64_t offset, std::uint64_t length) override;
    Awaitable<error_code> write_informational(int status, const Fields& fields) override;
    Awaitable<error_code> finish() override;
    bool started() const override { return phase_ != Phase::Reading && phase_ != Phase::Replied; }
    void on_disconnect(std::function<void()> gone) override;
    TakenOver take_over() override;
    void close_after() override { close_after_ = true; }
    void log_fields(std::string json) override { work_->log_fields += json; }
    bool is_logged() const override { return log_; }
    void log_as_warning() override { warn_ = true; }
    void do_not_log() override { log_ = false; }

  private:
    enum class Phase { Reading, Replied, Streaming, Finished, TakenOver };

    Awaitable<bool> read_head();  // false: nothing more to do on this connection
    Awaitable<bool> answer();     // false: close
    Awaitable<error_code> read_some(char* to, std::size_t size, std::size_t& got);
    Awaitable<error_code> wait_until_writable();  // at most the write timeout
    Awaitable<error_code> write_vector(iovec* parts, int count);
    Awaitable<void> linger();  // so that the client reads the answer before a reset
    Awaitable<void> refuse(int status, const char* reason);
    bool make_room();
    bool body_is_over();  // takes what is already here
    void put_streamed_head(int status, const Fields& fields, std::optional<std::uint64_t> length);
    void begin_response(std::string& out, int status);
    void end_head(std::string& out);
    bool no_body_allowed(int status) const {
        return work_->head.method == "HEAD" || status < 200 || status == 204 || status == 304;
    }
    bool will_close() const;
    void record(int status);
    void start_watch();
    bool stop_watch();                           // true: there was one
    error_code outcome(error_code error) const;  // a cancellation by the deadline is a time-out

    // Waits for the client to leave, and takes nothing of what it sends.
    class Watch final : public Operation {
      public:
        explicit Watch(Connection& connection) : connection_(connection) {}
        bool attempt() override { return connection_.socket_.peer_is_gone(); }
        void finish(End end, error_code why) override;

      private:
        Connection& connection_;
    };

    std::shared_ptr<ServerShared> shared_;
    Watch watch_{*this};
    TcpSocket socket_;
    Deadline deadline_;
    std::string peer_address_;
    bool peer_is_private_;
    std::unique_ptr<ServerShared::Work> work_;
    RequestParser parser_;
    BodyDecoder body_;
    BufferPool::Buffer body_buffer_;
    std::size_t begin_ = 0, end_ = 0;  // of what is unread, in work_->buffer or body_buffer_
    std::uint64_t max_body_ = 0, body_bytes_ = 0, sent_ = 0;
    std::size_t requests_ = 0;
    Instant started_{}, body_started_{};
    Phase phase_ = Phase::Reading;
    int status_ = 0;
    PreparedResponse prepared_;
    bool idle_ = true, close_after_ = false, keep_alive_ = false, log_ = true, warn_ = false,
         chunked_ = false, bodiless_ = false, continued_ = false;
    bool body_failed_ = false;
    bool head_waits_ = false;               // in work_->out, for the first piece
    std::optional<std::uint64_t> to_send_;  // of a declared length
    std::function<void()> gone_;
    bool watching_ = false;
};

// What this server takes, for Allow.
inline constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// True for loopback and private networks (edge.md 1.6): whose forwarding fields are believed.
bool is_private_network(const asio::ip::address& address);

}  // namespace seance::http
