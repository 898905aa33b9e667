#include "platform/process/probe.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "core/runtime/wait.hpp"

namespace seance::process {

namespace {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

// Sends the question and gives the first line of the answer. A plain socket and not the HTTP client: a probe
// must not share connections, retries or patience with anything else.
Awaitable<Result<std::string>> ask(std::uint16_t port, std::string question) {
    auto executor = co_await asio::this_coro::executor;
    Socket socket{executor};
    const asio::ip::tcp::endpoint peer{asio::ip::address_v4::loopback(), port};
    if (auto [error] = co_await socket.async_connect(peer, kAwait); error) co_return error;
    if (auto [error, n] = co_await asio::async_write(socket, asio::buffer(question), kAwait); error)
        co_return error;
    std::string answer;
    char piece[256];
    while (answer.size() < 1024) {
        auto [error, n] = co_await socket.async_read_some(asio::buffer(piece), kAwait);
        if (error) co_return error;
        answer.append(piece, n);
        if (auto end = answer.find("\r\n"); end != std::string::npos) co_return answer.substr(0, end);
    }
    co_return error_code{boost::system::errc::make_error_code(boost::system::errc::bad_message)};
}

Awaitable<Result<void>> connect(std::uint16_t port) {
    auto executor = co_await asio::this_coro::executor;
    Socket socket{executor};
    const asio::ip::tcp::endpoint peer{asio::ip::address_v4::loopback(), port};
    if (auto [error] = co_await socket.async_connect(peer, kAwait); error) co_return error;
    co_return Result<void>{};
}

}  // namespace

Awaitable<bool> listens(std::uint16_t port, Duration limit) {
    const auto connected = co_await with_deadline(limit, connect(port));
    co_return connected.has_value();
}

Awaitable<ProbeResult> probe(stack::HealthCheck check, std::uint16_t port, Duration limit) {
    using stack::HealthCheck;
    ProbeResult result{true, "runs"};
    if (check.kind == HealthCheck::None) co_return result;
    result.healthy = false;
    std::string question = "PING\r\n";
    if (check.kind == HealthCheck::Http)
        question = fmt::format(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: seance-probe\r\nConnection: close\r\n\r\n",
            check.path, port);
    auto line = co_await with_deadline(limit, ask(port, std::move(question)));
    if (!line) {
        result.reason = line.error() == asio::error::timed_out ? "no answer in " + print_duration(limit)
                                                               : line.error().message();
        co_return result;
    }
    if (check.kind == HealthCheck::RedisPing) {
        result.healthy = *line == "+PONG";
        result.reason = "answered " + line->substr(0, 80);
    } else if (line->size() >= 12 && line->starts_with("HTTP/1.")) {
        result.healthy = (*line)[9] == '2';
        result.reason = "answered " + line->substr(9, 3);
    } else {
        result.reason = "does not speak HTTP";
    }
    co_return result;
}

}  // namespace seance::process
