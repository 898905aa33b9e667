#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "core/base/id.hpp"
#include "core/base/version.hpp"
#include "core/observe/log.hpp"
#include "net/http/render.hpp"
#include "net/http/server_connection.hpp"

// The half of a connection that writes: whole and streamed answers, refusals, and the line in the log.
namespace seance::http {
namespace {

using namespace std::chrono_literals;
namespace errc = boost::system::errc;

constexpr Duration kLingerTime = 2s;
constexpr std::size_t kMostLingered = 256 * 1024;

// What is our fault, or that of who stands behind us, is for whoever looks after it.
observe::Level level_of(int status) {
    return status >= 500 ? observe::Level::Warning : observe::Level::Info;
}

}  // namespace

void Connection::begin_response(std::string& out, int status) {
    status_ = status;
    out.clear();
    append_status_line(out, status);
    append_field(out, "X-Request-Id", request_id());
}

void Connection::end_head(std::string& out) {
    // So that a deployment can be proven over the public name.
    if (shared_->options.health_names_commit && work_->head.path().starts_with("/health"))
        append_field(out, "X-Seance-Commit", built_commit());
    out += date_line();
    if (will_close())
        out += "Connection: close\r\n";
    else if (work_->head.minor_version == 0)
        out += "Connection: keep-alive\r\n";
    out += "\r\n";
}

void Connection::reply(Response response) {
    auto& work = *work_;
    begin_response(work.out, response.status);
    append_fields(work.out, response.fields);
    bool framed = response.status >= 200 && response.status != 204 && response.status != 304;
    if (framed && !response.fields.find("content-length"))
        append_content_length(work.out, response.body.size());
    work.out_body = std::move(response.body);
    prepared_ = {};
    phase_ = Phase::Replied;
}

void Connection::reply(PreparedResponse response) {
    status_ = response.status;
    if (log_) request_id();
    prepared_ = std::move(response);
    phase_ = Phase::Replied;
}

Awaitable<error_code> Connection::start(int status, const Fields& fields,
                                        std::optional<std::uint64_t> length) {
    put_streamed_head(status, fields, length);
    iovec part{work_->out.data(), work_->out.size()};
    co_return co_await write_vector(&part, 1);
}

void Connection::start_with_next(int status, const Fields& fields) {
    put_streamed_head(status, fields, std::nullopt);
    head_waits_ = true;
}

void Connection::put_streamed_head(int status, const Fields& fields, std::optional<std::uint64_t> length) {
    auto& out = work_->out;
    if (!body_is_over()) close_after_ = true;
    bodiless_ = no_body_allowed(status);
    if (!length && !bodiless_) {
        chunked_ = work_->head.minor_version >= 1;
        if (!chunked_) close_after_ = true;
    }
    begin_response(out, status);
    append_fields(out, fields);
    if (length && status != 204 && status != 304) append_content_length(out, *length);
    if (chunked_) out += "Transfer-Encoding: chunked\r\n";
    end_head(out);
    phase_ = Phase::Streaming;
    if (!bodiless_) to_send_ = length;
}

Awaitable<error_code> Connection::write(std::string_view data) {
    if (bodiless_ || data.empty()) co_return error_code{};
    if (to_send_) {
        if (data.size() > *to_send_) co_return error_code(errc::make_error_code(errc::message_size));
        *to_send_ -= data.size();
    }
    sent_ += data.size();
    static constexpr std::string_view kEnd = "\r\n";
    iovec parts[3];
    int count = 0;
    auto& out = work_->out;
    const bool with_head = std::exchange(head_waits_, false);
    if (!with_head) out.clear();
    if (chunked_) append_chunk_size(out, data.size());
    if (!out.empty()) parts[count++] = {out.data(), out.size()};
    parts[count++] = {const_cast<char*>(data.data()), data.size()};
    if (chunked_) parts[count++] = {const_cast<char*>(kEnd.data()), kEnd.size()};
    co_return co_await write_vector(parts, count);
}

Awaitable<error_code> Connection::send_file(int fd, std::uint64_t offset, std::uint64_t length) {
    if (bodiless_) co_return error_code{};
    if (!to_send_ || length > *to_send_) co_return error_code(errc::make_error_code(errc::message_size));
    auto at = static_cast<off_t>(offset);
    while (length > 0) {
        auto n = socket_.send_file_now(fd, at, std::min<std::uint64_t>(length, 1 << 20));
        if (n > 0) {
            length -= static_cast<std::uint64_t>(n);
            *to_send_ -= static_cast<std::uint64_t>(n);
            sent_ += static_cast<std::uint64_t>(n);
            continue;
        }
        if (n == 0) co_return error_code(errc::make_error_code(errc::io_error));  // the file became shorter
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return error_code(errno, boost::system::system_category());
        if (auto error = co_await wait_until_writable()) co_return error;
    }
    co_return error_code{};
}

Awaitable<error_code> Connection::write_informational(int status, const Fields& fields) {
    if (work_->head.minor_version == 0 || phase_ != Phase::Reading) co_return error_code{};
    std::string out;
    append_status_line(out, status);
    append_fields(out, fields);
    out += "\r\n";
    iovec part{out.data(), out.size()};
    co_return co_await write_vector(&part, 1);
}

Awaitable<error_code> Connection::finish() {
    if (to_send_.value_or(0) > 0) co_return error_code(errc::make_error_code(errc::message_size));
    phase_ = Phase::Finished;
    auto& out = work_->out;
    if (!std::exchange(head_waits_, false)) out.clear();
    if (chunked_ && !bodiless_) out += "0\r\n\r\n";
    if (out.empty()) co_return error_code{};
    iovec part{out.data(), out.size()};
    auto error = co_await write_vector(&part, 1);
    if (error) phase_ = Phase::Streaming;
    co_return error;
}

Awaitable<error_code> Connection::wait_until_writable() {
    deadline_.arm(shared_->options.write_timeout);
    auto [error] = co_await socket_.async_wait(Reactor::kWriting, kAwait);
    deadline_.disarm();
    co_return outcome(error);
}

Awaitable<error_code> Connection::write_vector(iovec* parts, int count) {
    while (true) {
        auto n = socket_.send_now(parts, static_cast<std::size_t>(count));
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) co_return error_code(errno, boost::system::system_category());
            if (auto error = co_await wait_until_writable()) co_return error;
            continue;
        }
        auto left = static_cast<std::size_t>(n);
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            ++parts;
            --count;
        }
        if (count == 0) co_return error_code{};
        parts->iov_base = static_cast<char*>(parts->iov_base) + left;
        parts->iov_len -= left;
    }
}

Awaitable<void> Connection::refuse(int status, const char* reason) {
    started_ = Clock::now();
    work_->request_id.clear();
    auto id = random_id();
    auto page = error_page(status, id);
    auto& out = work_->out;
    out.clear();
    append_status_line(out, status);
    append_field(out, "X-Request-Id", id);
    append_fields(out, page.fields);
    if (status == 405) append_field(out, "Allow", kMethods);
    append_content_length(out, page.body.size());
    out += date_line();
    out += "Connection: close\r\n\r\n";
    out += page.body;
    iovec part{out.data(), out.size()};
    co_await write_vector(&part, 1);
    shared_->by_class[static_cast<std::size_t>(status / 100)]->add();
    if (shared_->options.log_requests)
        observe::log(level_of(status), "request_refused")
            .field("request_id", id)
            .field("status", status)
            .field("reason", reason);
    co_await linger();
}

Awaitable<void> Connection::linger() {
    stop_watch();
    auto unheard = socket_.shutdown_send();
    deadline_.arm(kLingerTime);
    std::size_t seen = 0;
    while (seen < kMostLingered && !unheard) {
        auto thrown_away = shared_->loop.scratch();
        auto [error, size] =
            co_await socket_.async_read_some(asio::buffer(thrown_away.data(), thrown_away.size()), kAwait);
        if (error) co_return;
        seen += size;
    }
}

void Connection::record(int status) {
    auto took = Clock::now() - started_;
    shared_->by_class[static_cast<std::size_t>(status / 100) % 6]->add();
    shared_->seconds.observe(std::chrono::duration<double>(took).count());
    if (!log_) return;
    const auto& head = work_->head;
    if (head.path() == "/health" || head.path().starts_with("/health/")) return;
    const auto& options = shared_->options;
    observe::LogLine line(warn_ ? observe::Level::Warning : level_of(status), "request");
    line.field("request_id", request_id())
        .field("client", options.mask_client ? options.mask_client(peer_address_) : peer_address_);
    line.field("method", head.method);
    if (options.mask_path)
        line.field("path", options.mask_path(head.path()));
    else
        line.field("path", head.path());
    line.field("status", status);
    line.field("bytes_in", body_bytes_).field("bytes_out", sent_).ms("ms", took);
    line.raw(work_->log_fields);
}

}  // namespace seance::http
