#include "platform/images/transfer.hpp"

#include "core/base/text.hpp"
#include "net/http/connection_pool.hpp"

namespace seance::images {
namespace {

// What is written between two reports of progress.
constexpr std::size_t kPiece = 64 * 1024;

std::string render_head(const Outgoing& request) {
    std::string out;
    out.append(request.method).append(" ").append(request.url.target).append(" HTTP/1.1\r\nHost: ");
    out.append(request.url.origin.authority()).append("\r\n");
    for (const auto& [name, value] : request.fields.all())
        out.append(name).append(": ").append(value).append("\r\n");
    bool has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (has_body) out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    return out.append("\r\n");
}

Awaitable<error_code> write_all(http::ClientConnection& connection, const Outgoing& request) {
    const auto head = render_head(request);
    auto rest = request.body;
    auto piece = rest.substr(0, kPiece);
    std::string_view first = head;
    do {
        if (auto error = co_await connection.write(first, piece)) co_return error;
        first = {};
        rest.remove_prefix(piece.size());
        if (request.on_sent) request.on_sent(request.body.size() - rest.size());
        piece = rest.substr(0, kPiece);
    } while (!piece.empty());
    co_return error_code{};
}

Awaitable<Result<http::WholeResponse>> read_answer(http::ClientConnection& connection, bool to_head,
                                                   std::uint64_t most_body) {
    connection.arm_head_timeout();
    auto head = co_await connection.read_head(to_head);
    for (int interim = 0; head && (*head)->status < 200; ++interim) {
        if (interim == http::kMostInterim || (*head)->status == 101)
            co_return error_code(http::ClientErrc::BadResponse);
        head = co_await connection.read_head(to_head);
    }
    if (!head) co_return head.error();
    http::WholeResponse answer;
    answer.status = (*head)->status;
    for (const auto& field : (*head)->fields.all()) answer.fields.add(field.name, field.value);
    while (true) {
        auto piece = co_await connection.read_body();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return answer;
        if (answer.body.size() + piece->size() > most_body) {
            connection.close();
            co_return error_code(http::ClientErrc::BodyTooLarge);
        }
        answer.body += *piece;
    }
}

}  // namespace

Awaitable<Result<http::WholeResponse>> transfer(http::Client& client, Outgoing request,
                                                std::uint64_t most_body) {
    auto pool = client.pool();
    for (auto prefer = http::ConnectionPool::Prefer::Reused;; prefer = http::ConnectionPool::Prefer::Fresh) {
        auto lease = co_await pool->acquire(request.url.origin, prefer);
        if (!lease) co_return lease.error();
        auto& connection = **lease;
        auto write_error = co_await write_all(connection, request);
        if (write_error == asio::error::timed_out) co_return write_error;
        auto answer = co_await read_answer(connection, request.method == "HEAD", most_body);
        if (write_error) connection.do_not_reuse();
        if (answer) co_return answer;
        bool stale = connection.used_before() && !connection.response_begun() &&
                     answer.error() != asio::error::timed_out &&
                     answer.error() != asio::error::operation_aborted;
        if (!stale || !request.repeatable || prefer == http::ConnectionPool::Prefer::Fresh)
            co_return write_error ? write_error : answer.error();
    }
}

Result<http::Url> resolve_url(const http::Url& base, std::string_view location) {
    if (location.starts_with("http://") || location.starts_with("https://")) return http::parse_url(location);
    std::string absolute = base.origin.tls ? "https:" : "http:";
    if (location.starts_with("//")) return http::parse_url(absolute.append(location));
    absolute.append("//").append(base.origin.authority());
    auto path = base.target.substr(0, base.target.find('?'));
    if (location.starts_with('?'))
        absolute += path;
    else if (!location.starts_with('/'))
        absolute += path.substr(0, path.rfind('/') + 1);
    return http::parse_url(absolute.append(location));
}

std::string with_query(std::string target, std::string_view name, std::string_view value) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    return target.append(name).append("=").append(http::percent_encode(value));
}

}  // namespace seance::images
