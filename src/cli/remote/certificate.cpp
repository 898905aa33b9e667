#include "cli/remote/certificate.hpp"

#include <fmt/format.h>

#include "core/base/count.hpp"
#include "core/base/elapsed.hpp"
#include "core/runtime/wait.hpp"
#include "net/stream/connect.hpp"

namespace seance::cli {

namespace {

constexpr std::uint16_t kHttps = 443;
using End = std::chrono::system_clock::time_point;

Awaitable<Result<End>> certificate_end(const Outside& outside, std::string host) {
    const auto until = Clock::now() + outside.limit;
    auto executor = co_await asio::this_coro::executor;
    stream::Resolver resolver{executor};
    const auto& asked = outside.edge_host.empty() ? host : outside.edge_host;
    auto addresses = co_await resolver.resolve(asked);
    if (!addresses) co_return addresses.error();
    const auto port = outside.edge_host.empty() ? kHttps : outside.edge_port;
    auto socket = co_await stream::connect_first(*addresses, port, until);
    if (!socket) co_return socket.error();
    auto client = std::make_shared<stream::TlsClient>(outside.ca_file);
    auto connected = co_await client->handshake(std::move(*socket), host, port, until);
    if (!connected) co_return connected.error();
    const auto end = connected->certificate_end();
    connected->close();
    if (!end) co_return make_error_code(boost::system::errc::bad_message);
    co_return *end;
}

}  // namespace

Awaitable<CheckResult> check_certificate(const Outside& outside, std::string service, std::string host) {
    CheckResult result;
    result.service = std::move(service);
    result.check = "certificate";
    const auto begun = Clock::now();
    try {
        auto end = co_await with_deadline(outside.limit, certificate_end(outside, host));
        if (end) {
            const auto left = *end - std::chrono::system_clock::now();
            const auto days = std::chrono::duration_cast<std::chrono::hours>(left).count() / 24;
            result.good = days >= kLeastDays;
            result.detail = fmt::format("{}: {} left{}", host, count(days, "day"),
                                        result.good ? "" : "; it should have been renewed by now");
        } else
            result.detail = fmt::format("{}: {}", host, end.error().message());
    } catch (const std::exception& error) {
        result.detail = fmt::format("{}: {}", host, error.what());
    }
    result.ms = ms_since(begun);
    co_return result;
}

}  // namespace seance::cli
