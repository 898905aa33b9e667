#include "net/http/server_connection.hpp"

#include <sys/socket.h>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "core/base/id.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/render.hpp"

namespace seance::http {
namespace {

using namespace std::chrono_literals;
namespace errc = boost::system::errc;

constexpr Duration kRateGrace = 10s;
// A client that always has the next request ready must not keep the loop from its other connections.
constexpr std::size_t kRequestsPerTurn = 32;
constexpr std::size_t kMostSpareWork = 64;
constexpr std::size_t kMostKeptText = 256;

bool valid_request_id(std::string_view id) {
    if (id.empty() || id.size() > 128) return false;
    for (char c : id)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    return true;
}

}  // namespace

bool is_private_network(const asio::ip::address& address) {
    if (address.is_v6()) {
        auto v6 = address.to_v6();
        if (v6.is_v4_mapped()) return is_private_network(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
        return v6.is_loopback() || (v6.to_bytes()[0] & 0xfe) == 0xfc;
    }
    auto bits = address.to_v4().to_uint();
    auto in = [&](std::uint32_t network, int prefix) {
        return bits >> (32 - prefix) == network >> (32 - prefix);
    };
    return in(0x7f000000, 8) || in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) ||
           in(0x64400000, 10);
}

ServerShared::ServerShared(Loop& l, ServerOptions o, Handler h)
    : loop(l),
      options(std::move(o)),
      handler(std::move(h)),
      emptied(l.executor()),
      open(observe::metrics().gauge("seance_http_connections", "Open client connections")),
      refused(observe::metrics().counter("seance_http_connections_refused_total",
                                         "Connections over the limit, answered 503")),
      seconds([]() -> observe::Histogram& {
          static constexpr double kBounds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60};
          return observe::metrics().histogram("seance_http_request_seconds",
                                              "From the request's head to the answer's end", kBounds);
      }()) {
    static constexpr const char* kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t i = 0; i < 6; ++i)
        by_class[i] = &observe::metrics().counter("seance_http_requests_total", "Answered requests",
                                                  {{"status", kClasses[i]}});
}

void ServerShared::Work::grow(std::size_t to, std::size_t filled) {
    std::unique_ptr<char[]> larger(new char[to]);
    std::memcpy(larger.get(), buffer.get(), filled);
    buffer = std::move(larger);
    capacity = to;
}

std::unique_ptr<ServerShared::Work> ServerShared::take_work() {
    if (spare_work.empty()) return std::make_unique<Work>();
    auto work = std::move(spare_work.back());
    spare_work.pop_back();
    return work;
}

void ServerShared::give_back(std::unique_ptr<Work> work) {
    if (spare_work.size() >= kMostSpareWork || work->capacity > BufferPool::kSize) return;
    // The next request may wait for long, so it gets no more than most need.
    std::string().swap(work->out_body);
    if (work->out.capacity() > kMostKeptText) std::string().swap(work->out);
    if (work->log_fields.capacity() > kMostKeptText) std::string().swap(work->log_fields);
    spare_work.push_back(std::move(work));
}

Connection::Connection(std::shared_ptr<ServerShared> shared, TcpSocket socket,
                       const asio::ip::tcp::endpoint& peer)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      deadline_(
          shared_->loop.deadlines(), [](void* self) { static_cast<Connection*>(self)->socket_.cancel(); },
          this),
      peer_is_private_(is_private_network(peer.address())) {
    auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    peer_address_ = address.to_string();
    shared_->connections.push_back(*this);
    shared_->open.add(1);
}

Connection::~Connection() {
    shared_->connections.erase(shared_->connections.iterator_to(*this));
    shared_->open.add(-1);
    if (body_buffer_) shared_->loop.buffers().give_back(std::move(body_buffer_));
    if (shared_->draining && shared_->connections.empty()) shared_->emptied.notify();
}

void Connection::begin_drain() {
    close_after_ = true;
    if (idle_) socket_.cancel();
}

Awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
    auto& connection = *self;
    std::size_t turn = 0;
    while (co_await connection.read_head()) {
        if (!co_await connection.answer()) break;
        if (++turn % kRequestsPerTurn == 0)
            co_await asio::post(connection.socket_.get_executor(), kAwaitOrThrow);
    }
    connection.deadline_.disarm();
    connection.gone_ = nullptr;
    connection.socket_.close();
}

void Connection::start_watch() {
    watching_ = true;
    socket_.start(Reactor::kReading, watch_);
}

bool Connection::stop_watch() {
    if (!std::exchange(watching_, false)) return false;
    socket_.forget(Reactor::kReading);
    return true;
}

void Connection::Watch::finish(End end, error_code) {
    auto self = connection_.weak_from_this().lock();  // none: the connection is going itself
    if (!self || end == End::Dropped) return;
    connection_.watching_ = false;
    auto tell = [self = std::move(self)] {
        if (self->gone_) std::exchange(self->gone_, nullptr)();
    };
    if (end == End::Now) return tell();
    asio::post(connection_.shared_->loop.executor(), std::move(tell));
}

void Connection::on_disconnect(std::function<void()> gone) {
    gone_ = std::move(gone);
    if (!watching_) start_watch();
}

error_code Connection::outcome(error_code error) const {
    if (error == asio::error::operation_aborted && deadline_.passed()) return asio::error::timed_out;
    return error;
}

Awaitable<error_code> Connection::read_some(char* to, std::size_t size, std::size_t& got) {
    auto n = socket_.receive_now(to, size);
    if (n > 0) {
        got = static_cast<std::size_t>(n);
        co_return error_code{};
    }
    if (n == 0) co_return asio::error::eof;
    const bool watched = stop_watch();
    auto [error, more] = co_await socket_.async_read_some(asio::buffer(to, size), kAwait);
    if (watched && !error) start_watch();
    got = more;
    co_return outcome(error);
}

// Space for more of the head: compacts, then grows, in the end to the size of the largest head.
bool Connection::make_room() {
    auto& work = *work_;
    if (begin_ > 0) {
        std::memmove(work.buffer.get(), work.buffer.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        parser_.reset();
    }
    if (end_ < work.capacity) return true;
    constexpr std::size_t kGrown = kMostHead + BufferPool::kSize;
    if (work.capacity >= kGrown) return false;
    work.grow(work.capacity < BufferPool::kSize ? 4 * work.capacity : kGrown, end_);
    return true;
}

Awaitable<bool> Connection::read_head() {
    const auto& options = shared_->options;
    parser_.reset();
    phase_ = Phase::Reading;
    if (!work_ || begin_ == end_) {
        if (work_) shared_->give_back(std::move(work_));
        begin_ = end_ = 0;
        if (close_after_ || shared_->draining) co_return false;
        idle_ = true;
        deadline_.arm(options.idle_timeout);
        stop_watch();
        // Without a buffer: many connections are idle.
        auto [ended] = co_await socket_.async_wait(Reactor::kReading, kAwait);
        idle_ = false;
        if (ended) co_return false;
        work_ = shared_->take_work();
    }
    deadline_.arm(options.head_timeout);
    while (true) {
        auto progress =
            parser_.parse(std::string_view(work_->buffer.get() + begin_, end_ - begin_), work_->head);
        if (progress.state == HeadProgress::Complete) {
            begin_ += progress.consumed;
            co_return true;
        }
        if (progress.state == HeadProgress::Refused) {
            co_await refuse(progress.status, progress.reason);
            co_return false;
        }
        if (end_ == work_->capacity || begin_ > 0) {
            if (!make_room()) {
                co_await refuse(431, "head too large");
                co_return false;
            }
        }
        std::size_t got = 0;
        auto error = co_await read_some(work_->buffer.get() + end_, work_->capacity - end_, got);
        if (error == asio::error::timed_out) co_await refuse(408, "head took too long");
        if (error) co_return false;
        end_ += got;
    }
}

const std::string& Connection::request_id() {
    auto& id = work_->request_id;
    if (!id.empty()) return id;
    if (peer_is_private_) {
        auto& fields = work_->head.fields;
        if (auto given = fields.get("x-request-id"); valid_request_id(given))
            id = given;
        else if (auto railway = fields.get("x-railway-request-id"); valid_request_id(railway))
            id = railway;
    }
    if (id.empty()) id = random_id();
    return id;
}

bool Connection::will_close() const {
    return close_after_ || shared_->draining || !keep_alive_ || requests_ >= shared_->options.max_requests;
}

Awaitable<bool> Connection::answer() {
    auto& work = *work_;
    started_ = Clock::now();
    keep_alive_ = work.head.keep_alive;
    ++requests_;
    status_ = 0;
    sent_ = body_bytes_ = 0;
    log_ = shared_->options.log_requests;
    warn_ = false;
    continued_ = body_failed_ = chunked_ = bodiless_ = head_waits_ = false;
    to_send_.reset();
    work.request_id.clear();
    work.log_fields.clear();
    max_body_ = shared_->options.max_body;
    body_ = BodyDecoder(work.head.framing, work.head.content_length);
    deadline_.disarm();

    if (max_body_ > 0 && work.head.framing == Framing::Length && work.head.content_length > max_body_) {
        log_fields(fmt::format(",\"reason\":\"the body is larger than {} bytes\"", max_body_));
        reply(error_page(413, request_id()));
    } else if (work.head.target == "*") {  // OPTIONS of the server itself
        Response response{204, {{"Allow", kMethods}}, ""};
        reply(std::move(response));
    } else {
        try {
            co_await shared_->handler(*this);
        } catch (const std::exception& fault) {
            observe::log(observe::Level::Error, "handler_failed")
                .field("request_id", request_id())
                .field("reason", fault.what());
            if (phase_ == Phase::Reading) {
                log_fields(",\"reason\":\"the handler failed\"");
                reply(error_page(500, request_id()));
            }
        }
    }
    gone_ = nullptr;
    if (phase_ == Phase::TakenOver) co_return false;
    if (phase_ == Phase::Reading) reply(error_page(500, request_id()));

    bool complete = true;
    bool clean_body = body_is_over();
    if (!clean_body) close_after_ = true;
    if (phase_ == Phase::Replied) {
        // One gathered write: head, what every response ends its head with, body.
        bool prepared = !prepared_.head.empty();
        auto& end = work.end;
        end.clear();
        if (prepared && !work.request_id.empty()) append_field(end, "X-Request-Id", work.request_id);
        end_head(end);
        iovec parts[3];
        int count = 0;
        auto add = [&](std::string_view bytes) {
            if (!bytes.empty()) parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
        };
        add(prepared ? prepared_.head : std::string_view(work.out));
        add(end);
        if (!no_body_allowed(status_)) {
            auto body = prepared ? prepared_.body : std::string_view(work.out_body);
            add(body);
            sent_ = body.size();
        }
        auto error = co_await write_vector(parts, count);
        complete = !error;
        prepared_ = {};
    } else
        complete = phase_ == Phase::Finished;
    record(status_);
    if (!complete) co_return false;
    if (!clean_body) {
        co_await linger();
        co_return false;
    }
    if (will_close()) {
        co_await linger();
        co_return false;
    }
    // Bytes behind the body are the next request's; they move in front.
    if (body_buffer_) {
        auto left = end_ - begin_;
        if (left > work.capacity) work.grow(BufferPool::kSize, 0);
        if (left > 0) std::memcpy(work.buffer.get(), body_buffer_.get() + begin_, left);
        begin_ = 0;
        end_ = left;
        shared_->loop.buffers().give_back(std::move(body_buffer_));
    }
    co_return true;
}

bool Connection::body_is_over() {
    if (body_failed_) return false;
    while (!body_.done()) {
        const char* base = body_buffer_ ? body_buffer_.get() : work_->buffer.get();
        auto step = body_.take(std::string_view(base + begin_, end_ - begin_));
        begin_ += step.consumed;
        if (step.bad || step.consumed == 0) return body_.done();
    }
    return true;
}

Awaitable<Result<std::string_view>> Connection::read_body() {
    const auto& options = shared_->options;
    while (true) {
        if (body_.done()) {
            deadline_.disarm();
            // A handler may wait long for its upstream now.
            if (body_buffer_ && begin_ == end_) {
                shared_->loop.buffers().give_back(std::move(body_buffer_));
                begin_ = end_ = 0;
            }
            co_return std::string_view{};
        }
        const char* base = body_buffer_ ? body_buffer_.get() : work_->buffer.get();
        if (max_body_ > 0 && work_->head.framing == Framing::Length &&
            work_->head.content_length > max_body_) {
            body_failed_ = true;
            co_return error_code(errc::make_error_code(errc::message_size));
        }
        if (begin_ < end_) {
            auto step = body_.take(std::string_view(base + begin_, end_ - begin_));
            begin_ += step.consumed;
            body_bytes_ += step.data.size();
            if (step.bad || (max_body_ > 0 && body_bytes_ > max_body_)) {
                body_failed_ = true;
                co_return error_code(
                    errc::make_error_code(step.bad ? errc::bad_message : errc::message_size));
            }
            if (!step.data.empty()) co_return step.data;
            continue;
        }
        if (work_->head.expects_continue && !continued_ && body_bytes_ == 0) {
            continued_ = true;
            static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
            if (auto error = co_await write_vector(&part, 1)) co_return error;
        }
        if (!body_buffer_) {  // the head's views stay good while the body streams through a buffer of its own
            body_buffer_ = shared_->loop.buffers().take();
            body_started_ = Clock::now();
        }
        auto elapsed = Clock::now() - body_started_;
        bool too_slow =
            elapsed > kRateGrace &&
            body_bytes_ < options.min_body_rate * static_cast<std::uint64_t>((elapsed - kRateGrace) / 1s);
        begin_ = end_ = 0;
        std::size_t got = 0;
        deadline_.arm(options.body_timeout);
        error_code error = too_slow ? error_code(asio::error::timed_out)
                                    : co_await read_some(body_buffer_.get(), BufferPool::kSize, got);
        deadline_.disarm();
        if (error) {
            body_failed_ = true;
            if (error == asio::error::eof) error = asio::error::connection_reset;
            co_return error;
        }
        end_ = got;
    }
}

TakenOver Connection::take_over() {
    if (watching_) throw std::logic_error("take_over() after on_disconnect()");
    phase_ = Phase::TakenOver;
    const char* base = body_buffer_ ? body_buffer_.get() : work_->buffer.get();
    std::string leftover(base + begin_, end_ - begin_);
    begin_ = end_ = 0;
    deadline_.disarm();
    status_ = 101;
    record(status_);
    return {std::move(socket_), std::move(leftover)};
}

}  // namespace seance::http
