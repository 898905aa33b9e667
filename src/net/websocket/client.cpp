#include "net/websocket/client.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/parser.hpp"
#include "net/stream/connect.hpp"
#include "net/stream/tls_bridge.hpp"
#include "net/websocket/handshake.hpp"

namespace seance::websocket {
namespace {

using asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<tcp, Executor>;
using Connected = Outcome<std::shared_ptr<WebSocket>>;

struct Address {
    std::string authority, host, port, target;
    bool tls = false;
};

Outcome<Address> parse_url(std::string_view url) {
    auto bad = [&](std::string_view why) {
        return Problem{fmt::format("{} is not a WebSocket URL: {}", url, why)};
    };
    Address address;
    address.tls = iequals(url.substr(0, 6), "wss://");
    if (!address.tls && !iequals(url.substr(0, 5), "ws://"))
        return bad("it has to begin with ws:// or wss://");
    auto rest = url.substr(0, url.find('#'));
    rest.remove_prefix(address.tls ? 6 : 5);
    for (char c : rest)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7F')
            return bad("it holds a space or a control character");
    auto end = rest.find_first_of("/?");
    address.authority = rest.substr(0, end);
    address.target = end == std::string_view::npos ? "/" : std::string(rest.substr(end));
    if (address.target.front() == '?') address.target.insert(0, "/");
    if (!http::is_host(address.authority)) return bad("its host or port is not valid");
    auto colon = address.authority.rfind(':');
    bool has_port = colon != std::string::npos && address.authority.find(']', colon) == std::string::npos;
    address.host = address.authority.substr(0, has_port ? colon : std::string::npos);
    if (has_port) address.port = address.authority.substr(colon + 1);
    if (address.port.empty()) address.port = address.tls ? "443" : "80";
    if (address.host.empty()) return bad("it names no host");
    if (address.host.front() == '[') address.host = address.host.substr(1, address.host.size() - 2);
    auto name = lower(address.host);
    if (name.ends_with(".localhost")) address.host = "localhost";
    return address;
}

// TLS with the server at the other end of `socket`, seen as a plain socket.
Awaitable<Result<TcpSocket>> secure(Loop& loop, TcpSocket socket, const Address& address,
                                    const std::string& ca_file, Duration limit) {
    auto tls = std::make_shared<stream::TlsClient>(ca_file);
    auto port = static_cast<std::uint16_t>(*parse_number(address.port));
    auto secured = co_await tls->handshake(std::move(socket), address.host, port, Clock::now() + limit);
    if (!secured) co_return secured.error();
    co_return stream::bridge_tls(loop.executor(), std::move(*secured));
}

Awaitable<Result<Connected>> attempt(Loop& loop, std::string url, const Options& options, Duration limit,
                                     Upgrading upgrading) {
    auto parsed = parse_url(url);
    if (!parsed) co_return Connected(parsed.error());
    Address address = *parsed;
    auto problem = [&](std::string_view what) {
        return Connected(Problem{fmt::format("{}: {}", url, what)});
    };

    Resolver resolver(loop.executor());
    std::string to_host = address.host, to_port = address.port;
    if (const auto colon = upgrading.connect_to.rfind(':'); colon != std::string::npos) {
        to_host = upgrading.connect_to.substr(0, colon);
        to_port = upgrading.connect_to.substr(colon + 1);
    }
    auto [unresolved, found] = co_await resolver.async_resolve(to_host, to_port, kAwait);
    if (unresolved) co_return problem("the name has no address: " + unresolved.message());
    stream::Connecting connecting(loop.executor());
    auto [refused, endpoint] = co_await asio::async_connect(connecting, found, kAwait);
    if (refused) co_return problem("cannot connect: " + refused.message());
    TcpSocket socket(loop.executor(), connecting.release());

    if (address.tls) {
        auto secured = co_await secure(loop, std::move(socket), address, upgrading.ca_file, limit);
        if (!secured) co_return problem("no TLS: " + secured.error().message());
        socket = std::move(*secured);
    }

    auto key = make_key();
    auto request =
        upgrade_request(address.authority, address.target, key, upgrading.fields, upgrading.subprotocol);
    auto [unsent, written] = co_await asio::async_write(socket, asio::buffer(request), kAwait);
    if (unsent) co_return problem("the connection was lost: " + unsent.message());

    std::string answer;
    http::ResponseParser parser;
    http::ResponseHead head;
    while (true) {
        auto have = answer.size();
        answer.resize(have + 2048);
        auto [lost, n] = co_await socket.async_read_some(asio::buffer(answer.data() + have, 2048), kAwait);
        answer.resize(have + n);
        if (lost) co_return problem("the connection was lost during the handshake: " + lost.message());
        auto progress = parser.parse(answer, head, false);
        if (progress.state == http::HeadProgress::Incomplete) continue;
        if (progress.state == http::HeadProgress::Refused)
            co_return problem(fmt::format("the answer is not HTTP: {}", progress.reason));
        if (head.status >= 100 && head.status < 200 && head.status != 101) {
            answer.erase(0, progress.consumed);
            parser.reset();
            continue;
        }
        if (auto why = refuse_response(head, key, upgrading.subprotocol); !why.empty())
            co_return problem(why);
        auto connection = WebSocket::make_with_copy(loop, std::move(socket), options);
        connection->start(nullptr, {}, answer.substr(progress.consumed));
        co_return Connected(std::move(connection));
    }
}

}  // namespace

Options client_options() {
    Options options;
    options.role = Role::Client;
    options.ping_interval = Duration::zero();
    return options;
}

Awaitable<Connected> connect(Loop& loop, std::string url, const Options& options, Duration limit,
                             Upgrading upgrading) {
    auto work = attempt(loop, url, options, limit, std::move(upgrading));
    auto result = co_await with_deadline<Connected>(limit, std::move(work));
    if (!result) co_return Problem{fmt::format("{}: no answer within {}", url, print_duration(limit))};
    co_return std::move(*result);
}

}  // namespace seance::websocket
