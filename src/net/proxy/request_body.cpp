#include "net/proxy/request_body.hpp"

#include <fmt/format.h>

namespace seance::proxy {
namespace {

constexpr std::uint64_t kMostGathered = BufferPool::kSize;

}  // namespace

RequestBody::RequestBody(http::Exchange& exchange) : exchange_(exchange) {
    const auto& head = exchange.head();
    streams_ = head.framing == http::Framing::Chunked ||
               (head.framing == http::Framing::Length && head.content_length > kMostGathered);
}

std::optional<std::uint64_t> RequestBody::length() const {
    if (exchange_.head().framing != http::Framing::Length) return std::nullopt;
    return exchange_.head().content_length;
}

Awaitable<error_code> RequestBody::gather() {
    const auto expected = length().value_or(0);
    if (streams_ || expected == 0) co_return error_code{};
    auto piece = co_await exchange_.read_body();
    if (!piece) co_return piece.error();
    if (piece->size() == expected) {  // the usual case: it came with the head or in one packet
        bytes_ = *piece;
        co_return error_code{};
    }
    gathered_.reserve(static_cast<std::size_t>(expected));
    while (!piece->empty()) {
        gathered_ += *piece;
        if (gathered_.size() == expected) break;
        piece = co_await exchange_.read_body();
        if (!piece) co_return piece.error();
    }
    bytes_ = gathered_;
    co_return error_code{};
}

Awaitable<RequestBody::Sent> RequestBody::stream(http::ClientConnection& connection, std::string_view head) {
    const bool chunked = !length();
    std::string framing(head);
    while (true) {
        auto piece = co_await exchange_.read_body();
        if (!piece) co_return Sent{Sent::ClientFailed, piece.error()};
        if (piece->empty()) break;
        // The line end after a chunk's data goes out with the next chunk's size.
        if (chunked) framing += fmt::format("{:x}\r\n", piece->size());
        if (auto error = co_await connection.write(framing, *piece))
            co_return Sent{Sent::UpstreamFailed, error};
        framing = chunked ? "\r\n" : "";
    }
    if (chunked) framing += "0\r\n\r\n";
    if (auto error = co_await connection.write(framing, {})) co_return Sent{Sent::UpstreamFailed, error};
    connection.arm_head_timeout();
    co_return Sent{};
}

}  // namespace seance::proxy
