#include "net/http/client_connection.hpp"

#include <boost/asio/ssl/error.hpp>
#include <cstring>

namespace seance::http {
namespace {

constexpr std::size_t kGrown = kMostHead + BufferPool::kSize;
// Less room than this behind the head would make many small reads of a body.
constexpr std::size_t kLeastBodyRoom = 4 * 1024;

bool ended_by_peer(error_code error) {
    return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

void on_deadline(void* self) {
    static_cast<ClientConnection*>(self)->close();
}

}  // namespace

ClientConnection::ClientConnection(Loop& loop, std::shared_ptr<const ClientOptions> options,
                                   stream::Stream stream)
    : loop_(loop),
      options_(std::move(options)),
      stream_(std::move(stream)),
      read_deadline_(loop.deadlines(), on_deadline, this),
      write_deadline_(loop.deadlines(), on_deadline, this),
      peer_(stream_.peer()) {}

ClientConnection::~ClientConnection() {
    end_exchange();
}

void ClientConnection::take_buffer() {
    buffer_ = loop_.buffers().take();
    capacity_ = BufferPool::kSize;
}

void ClientConnection::begin_exchange(bool buffer_at_once) {
    ++exchanges_;
    if (buffer_at_once && !buffer_) take_buffer();
    head_end_ = begin_ = end_ = 0;
    parser_.reset();
    begun_ = have_head_ = body_over_ = false;
}

void ClientConnection::end_exchange() {
    read_deadline_.disarm();
    write_deadline_.disarm();
    // That an idle one has ended is to be known before it is used again.
    stream_.give_way(false);
    if (capacity_ == BufferPool::kSize) loop_.buffers().give_back(std::move(buffer_));
    if (head_buffer_) loop_.buffers().give_back(std::move(head_buffer_));
    buffer_.reset();
    head_.reset();
    capacity_ = head_end_ = begin_ = end_ = 0;
}

error_code ClientConnection::ended(error_code error) const {
    if (read_deadline_.passed() || write_deadline_.passed()) return asio::error::timed_out;
    if (ended_while_idle_) return asio::error::eof;
    return error;
}

Awaitable<error_code> ClientConnection::write(std::string_view head, std::string_view body) {
    stream::TwoBuffers rest{asio::buffer(head.data(), head.size()), asio::buffer(body.data(), body.size())};
    const auto advance = [&rest](std::size_t size) {
        const auto from_head = std::min(size, rest[0].size());
        rest[0] += from_head;
        rest[1] += size - from_head;
    };
    // A request nearly always fits: that saves a turn of the loop and an operation.
    advance(stream_.write_now(rest));
    while (rest[0].size() + rest[1].size() > 0) {
        write_deadline_.arm(options_->write_timeout);
        auto [error, size] = co_await stream_.write_some(rest);
        write_deadline_.disarm();
        if (error) {
            failed_ = true;
            co_return ended(error);
        }
        advance(size);
    }
    co_return error_code{};
}

// Space for more of the head: grows once to the size of the largest head.
bool ClientConnection::make_room() {
    if (begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        parser_.reset();
    }
    if (end_ < capacity_) return true;
    if (capacity_ >= kGrown) return false;
    std::unique_ptr<char[]> larger(new char[kGrown]);
    std::memcpy(larger.get(), buffer_.get(), end_);
    loop_.buffers().give_back(std::exchange(buffer_, std::move(larger)));
    capacity_ = kGrown;
    parser_.reset();
    return true;
}

Awaitable<error_code> ClientConnection::fill() {
    auto [error, size] = co_await stream_.read_some(asio::buffer(buffer_.get() + end_, capacity_ - end_));
    end_ += size;
    co_return error ? ended(error) : error;
}

Awaitable<Result<const ResponseHead*>> ClientConnection::read_head(bool to_head) {
    parser_.reset();
    while (true) {
        if (begin_ < end_) {
            if (!head_) head_ = std::make_unique<ResponseHead>();
            auto progress = parser_.parse({buffer_.get() + begin_, end_ - begin_}, *head_, to_head);
            if (progress.state == HeadProgress::Refused) {
                failed_ = true;
                co_return error_code(ClientErrc::BadResponse);
            }
            if (progress.state == HeadProgress::Complete) {
                begin_ += progress.consumed;
                if (head_->status >= 200 || head_->status == 101) {
                    read_deadline_.disarm();
                    head_end_ = begin_;
                    have_head_ = true;
                    keep_head_apart();
                    body_ = BodyDecoder(head_->framing, head_->content_length);
                }
                co_return head_.get();
            }
        }
        error_code error;
        if (!buffer_) {
            // An upstream may think for minutes: until its first byte nothing is held to read into. TLS has
            // read ahead and cannot tell by its socket, so there the buffer is taken at once.
            if (!stream_.tls()) {
                auto [waited] = co_await stream_.wait_readable();
                if (waited) error = ended(waited);
            }
            if (!error) take_buffer();
        } else if (end_ == capacity_ && !make_room()) {
            failed_ = true;
            co_return error_code(ClientErrc::BadResponse);
        }
        if (!error) error = co_await fill();
        if (error) {
            failed_ = true;
            if (ended_by_peer(error))
                error = begun_ ? error_code(ClientErrc::Truncated) : error_code(asio::error::eof);
            co_return error;
        }
        begun_ = true;
    }
}

// The head's views stay good while the body is read behind it; a head that leaves too little room keeps its
// buffer and the body gets another.
void ClientConnection::keep_head_apart() {
    if (capacity_ - head_end_ >= kLeastBodyRoom) return;
    auto fresh = loop_.buffers().take();
    std::memcpy(fresh.get(), buffer_.get() + begin_, end_ - begin_);
    head_buffer_ = std::exchange(buffer_, std::move(fresh));
    end_ -= begin_;
    begin_ = head_end_ = 0;
}

void ClientConnection::make_body_room() {
    if (begin_ < end_ && end_ < capacity_) return;
    std::memmove(buffer_.get() + head_end_, buffer_.get() + begin_, end_ - begin_);
    end_ = head_end_ + (end_ - begin_);
    begin_ = head_end_;
}

std::optional<std::string_view> ClientConnection::take_whole_body() {
    if (body_.done()) return std::string_view{};
    if (head_->framing == Framing::Chunked) return unchunk_in_place();
    if (head_->framing != Framing::Length || head_->content_length > end_ - begin_) return std::nullopt;
    auto step = body_.take({buffer_.get() + begin_, static_cast<std::size_t>(head_->content_length)});
    begin_ += step.consumed;
    return step.data;
}

// A chunked body that is here to its last byte becomes one piece: its length is known after all.
std::optional<std::string_view> ClientConnection::unchunk_in_place() {
    std::string_view input(buffer_.get() + begin_, end_ - begin_);
    if (!input.ends_with("0\r\n\r\n")) return std::nullopt;
    for (BodyDecoder trial = body_; !trial.done();) {
        auto step = trial.take(input);
        if (step.bad || step.consumed == 0) return std::nullopt;  // read_body() finds out what it is
        input.remove_prefix(step.consumed);
    }
    char *start = buffer_.get() + begin_, *to = start;
    while (!body_.done()) {
        auto step = body_.take({buffer_.get() + begin_, end_ - begin_});
        begin_ += step.consumed;
        if (!step.data.empty()) std::memmove(to, step.data.data(), step.data.size());
        to += step.data.size();
    }
    return std::string_view(start, static_cast<std::size_t>(to - start));
}

Awaitable<Result<std::string_view>> ClientConnection::read_body() {
    while (true) {
        if (body_over_ || body_.done()) {
            read_deadline_.disarm();
            co_return std::string_view{};
        }
        if (begin_ < end_) {
            auto step = body_.take({buffer_.get() + begin_, end_ - begin_});
            begin_ += step.consumed;
            if (step.bad) {
                failed_ = true;
                co_return error_code(ClientErrc::BadResponse);
            }
            if (!step.data.empty()) {
                // Its first piece is what somebody waits for; with the rest, others' first pieces go before.
                stream_.give_way(true);
                co_return with_what_follows(step.data);
            }
            if (step.consumed > 0) continue;
        }
        make_body_room();
        read_deadline_.arm(options_->body_timeout);
        auto error = co_await fill();
        read_deadline_.disarm();
        if (!error) continue;
        if (error == asio::error::eof && body_.until_close()) {
            body_over_ = true;
            continue;
        }
        failed_ = true;
        if (ended_by_peer(error)) error = ClientErrc::Truncated;
        co_return error;
    }
}

// What is here of the next chunks moves up behind `piece`: whoever passes it on writes once for all of them.
std::string_view ClientConnection::with_what_follows(std::string_view piece) {
    char* const start = buffer_.get() + (piece.data() - buffer_.get());
    auto size = piece.size();
    while (begin_ < end_) {
        auto ahead = body_;
        const auto step = ahead.take({buffer_.get() + begin_, end_ - begin_});
        if (step.bad || step.consumed == 0) break;  // the next read_body() tells
        body_ = ahead;
        begin_ += step.consumed;
        if (!step.data.empty()) std::memmove(start + size, step.data.data(), step.data.size());
        size += step.data.size();
    }
    return {start, size};
}

bool ClientConnection::reusable() const {
    return have_head_ && !failed_ && head_->keep_alive && head_->status != 101 && body_.done() &&
           begin_ == end_ && !body_.until_close() && stream_.is_open();
}

void ClientConnection::close() {
    failed_ = true;
    stream_.close();
}

void ClientConnection::watch_idle(void (*gone)(void*, ClientConnection&), std::weak_ptr<void> pool) {
    gone_ = gone;
    pool_ = std::move(pool);
    idle_since_ = Clock::now();
    watching_ = true;
    if (auto* plain = stream_.plain()) return plain->start(Reactor::kReading, idle_watch_);
    // What comes is never looked at, so all idle connections of the loop read into the same bytes.
    stream_.watch(asio::buffer(loop_.scratch().data(), loop_.scratch().size()), on_idle_event,
                  shared_from_this());
}

void ClientConnection::on_idle_event(void* owner, error_code error) {
    auto& self = *static_cast<ClientConnection*>(owner);
    if (error == asio::error::operation_aborted) return;
    self.end_idle();
}

// If it was taken just now, the request on it fails as on any stale connection.
void ClientConnection::end_idle() {
    ended_while_idle_ = true;
    close();
    if (!std::exchange(watching_, false)) return;
    if (auto pool = pool_.lock()) gone_(pool.get(), *this);
}

void ClientConnection::IdleWatch::finish(End end, error_code why) {
    if (why || end == End::Dropped) return;
    auto tell = [self = connection_.shared_from_this()] {
        if (self->watching_) self->end_idle();
    };
    if (end == End::Now) return tell();
    asio::post(connection_.loop_.executor(), std::move(tell));
}

void ClientConnection::stop_watching() {
    watching_ = false;
    pool_.reset();
    if (auto* plain = stream_.plain()) return plain->forget(Reactor::kReading);
    stream_.cancel();
}

std::string ClientConnection::take_leftover() {
    std::string left(buffer_.get() + begin_, end_ - begin_);
    begin_ = end_;
    return left;
}

}  // namespace seance::http
