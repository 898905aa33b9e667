#include "net/http/server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <stdexcept>

#include "core/observe/log.hpp"
#include "core/runtime/port_holder.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/render.hpp"
#include "net/http/server_connection.hpp"

namespace seance::http {
namespace {

using namespace std::chrono_literals;
namespace errc = boost::system::errc;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kBacklog = 4096;
// Of those who wait at once, before what the connections there are have to say: some 0.2 ms.
constexpr std::size_t kAcceptsPerTurn = 16;
constexpr Duration kAcceptPause = 100ms;  // after an error such as "too many open files"

// Over the limit: one short answer, then gone.
Awaitable<void> turn_away(TcpSocket socket) {
    auto page = error_page(503, "");
    std::string out;
    append_status_line(out, 503);
    append_fields(out, page.fields);
    append_field(out, "Retry-After", "1");
    append_content_length(out, page.body.size());
    out += date_line();
    out += "Connection: close\r\n\r\n" + page.body;
    const iovec part{out.data(), out.size()};
    socket.send_now(&part, 1);
    socket.shutdown_send();
    // The client's request is read away for a moment, since closing over unread bytes resets the answer.
    char discarded[1024];
    for (int i = 0; i < 4; ++i) {
        Timer timer{socket.get_executor(), 500ms};
        timer.async_wait([&socket](error_code error) {
            if (!error) socket.cancel();
        });
        auto [error, n] = co_await socket.async_read_some(asio::buffer(discarded), kAwait);
        timer.cancel();
        co_await asio::post(socket.get_executor(), kAwaitOrThrow);
        if (error) co_return;
    }
}

}  // namespace

Response text_response(int status, std::string body) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

Response json_response(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

int status_of_body_error(error_code error) {
    if (error == asio::error::timed_out) return 408;
    if (error == boost::system::errc::message_size) return 413;
    return 400;
}

Response error_page(int status, std::string_view request_id) {
    auto body = request_id.empty()
                    ? fmt::format("{} {}\n", status, reason_phrase(status))
                    : fmt::format("{} {} (request {})\n", status, reason_phrase(status), request_id);
    auto response = text_response(status, std::move(body));
    response.fields.add("Cache-Control", "no-store");
    response.fields.add("X-Content-Type-Options", "nosniff");
    return response;
}

Awaitable<Result<std::string>> Exchange::read_whole_body(std::uint64_t most) {
    limit_body(most);
    std::string body;
    if (head().framing == Framing::Length) body.reserve(std::min<std::uint64_t>(head().content_length, most));
    while (true) {
        auto piece = co_await read_body();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return body;
        body += *piece;
    }
}

class Server::Impl {
  public:
    Impl(Loop& loop, ServerOptions options, Handler handler)
        : shared(std::make_shared<ServerShared>(loop, std::move(options), std::move(handler))) {}

    void listen(const std::string& address, std::uint16_t port, Sharing sharing) {
        error_code error;
        auto ip = asio::ip::make_address(address, error);
        if (error) throw std::runtime_error(fmt::format("\"{}\" is not an IP address to listen on", address));
        if (sharing == Sharing::FirstOfMany) bind(asio::ip::tcp::endpoint(ip, port), false);
        acceptors.push_back(bind(asio::ip::tcp::endpoint(ip, port), sharing != Sharing::Alone));
        // Accepted sockets have it from their listener, which saves each of them a call to the kernel.
        acceptors.back()->set_option(asio::ip::tcp::no_delay(true));
        acceptors.back()->non_blocking(true);
        acceptors.back()->listen(kBacklog);
        asio::co_spawn(shared->loop.executor(), accept(acceptors.back(), shared), asio::detached);
    }

    std::shared_ptr<Acceptor> bind(const asio::ip::tcp::endpoint& endpoint, bool shared_port) const {
        auto acceptor = std::make_shared<Acceptor>(shared->loop.executor());
        acceptor->open(endpoint.protocol());
        if (endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(false));
        acceptor->set_option(asio::socket_base::reuse_address(true));
        if (shared_port) acceptor->set_option(ReusePort(true));
        error_code error;
        acceptor->bind(endpoint, error);
        if (error) throw std::runtime_error(why_unbound(endpoint, error));
        return acceptor;
    }

    // What to do about it is in the sentence.
    std::string why_unbound(const asio::ip::tcp::endpoint& endpoint, const error_code& error) const {
        auto address = endpoint.address().to_string();
        auto port = endpoint.port();
        auto& setting = shared->options.port_setting;
        if (error == asio::error::address_in_use)
            return fmt::format("port {} of {} is taken by {}; stop that, or set {} to another port", port,
                               address, holder_of_port(port), setting);
        if (error == asio::error::access_denied && port < 1024)
            return fmt::format(
                "port {} of {} may not be opened by this user: ports below 1024 need root or "
                "CAP_NET_BIND_SERVICE; or set {} to a higher port",
                port, address, setting);
        if (error == errc::make_error_code(errc::address_not_available))
            return fmt::format("cannot listen on {}: this machine has no such address", address);
        return fmt::format("cannot listen on port {} of {}: {}", port, address, error.message());
    }

    static Awaitable<void> accept(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<ServerShared> shared) {
        while (acceptor->is_open()) {
            auto [error] = co_await acceptor->async_wait(Acceptor::wait_read, kAwait);
            for (std::size_t accepted = 0; !error && accepted < kAcceptsPerTurn; ++accepted) {
                if (!acceptor->is_open()) co_return;
                error = accept_one(acceptor->native_handle(), shared);
            }
            if (error == asio::error::operation_aborted || !acceptor->is_open()) co_return;
            if (!error || error == asio::error::would_block || error == asio::error::connection_aborted)
                continue;
            observe::log(observe::Level::Error, "accept_failed").field("reason", error.message());
            co_await sleep_for(kAcceptPause);
        }
    }

    static error_code accept_one(int listener, const std::shared_ptr<ServerShared>& shared) {
        asio::ip::tcp::endpoint peer;
        auto size = static_cast<socklen_t>(peer.capacity());
        const int fd = ::accept4(listener, peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return {errno, boost::system::system_category()};
        peer.resize(size);
        serve(TcpSocket(shared->loop.executor(), fd), peer, shared);
        return {};
    }

    static void serve(TcpSocket socket, const asio::ip::tcp::endpoint& peer,
                      const std::shared_ptr<ServerShared>& shared) {
        if (!shared->options.unwrap) return begin(std::move(socket), peer, shared);
        // An answer in plain text would be none.
        if (shared->connections.size() + shared->unwrapping >= shared->options.max_connections)
            return shared->refused.add();
        asio::co_spawn(shared->loop.executor(), unwrap(std::move(socket), peer, shared), asio::detached);
    }

    static Awaitable<void> unwrap(TcpSocket socket, asio::ip::tcp::endpoint peer,
                                  std::shared_ptr<ServerShared> shared) {
        ++shared->unwrapping;
        auto plain = co_await shared->options.unwrap(std::move(socket));
        --shared->unwrapping;
        if (plain && !shared->draining) begin(std::move(*plain), peer, shared);
    }

    static void begin(TcpSocket socket, const asio::ip::tcp::endpoint& peer,
                      const std::shared_ptr<ServerShared>& shared) {
        if (shared->connections.size() >= shared->options.max_connections) {
            shared->refused.add();
            asio::co_spawn(shared->loop.executor(), turn_away(std::move(socket)), asio::detached);
            return;
        }
        auto connection = std::make_shared<Connection>(shared, std::move(socket), peer);
        asio::co_spawn(
            shared->loop.executor(), Connection::run(std::move(connection)), [](std::exception_ptr failure) {
                if (!failure) return;
                try {
                    std::rethrow_exception(failure);
                } catch (const std::exception& fault) {
                    observe::log(observe::Level::Error, "connection_failed").field("reason", fault.what());
                }
            });
    }

    void stop_accepting() {
        error_code ignored;
        for (auto& acceptor : acceptors) acceptor->close(ignored);
    }

    std::shared_ptr<ServerShared> shared;
    std::vector<std::shared_ptr<Acceptor>> acceptors;
};

Server::Server(Loop& loop, ServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}

Server::~Server() {
    if (impl_) impl_->stop_accepting();
}

void Server::listen(const std::string& address, std::uint16_t port, Sharing sharing) {
    impl_->listen(address, port, sharing);
}

std::uint16_t Server::port() const {
    return impl_->acceptors.at(0)->local_endpoint().port();
}

bool Server::draining() const {
    return impl_->shared->draining;
}

std::size_t Server::connections() const {
    return impl_->shared->connections.size();
}

Awaitable<void> Server::drain() {
    impl_->stop_accepting();
    auto shared = impl_->shared;
    shared->draining = true;
    for (auto& connection : shared->connections) connection.begin_drain();
    while (!shared->connections.empty()) co_await shared->emptied.wait();
}

}  // namespace seance::http
