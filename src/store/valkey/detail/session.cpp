#include "store/valkey/detail/session.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <vector>

#include "core/base/id.hpp"

namespace seance::valkey {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

std::vector<std::vector<std::string>> greeting_of(const Address& address) {
    std::vector<std::vector<std::string>> greeting;
    if (!address.user.empty())
        greeting.push_back({"AUTH", address.user, address.password.reveal()});
    else if (!address.password.empty())
        greeting.push_back({"AUTH", address.password.reveal()});
    if (address.database != 0) greeting.push_back({"SELECT", std::to_string(address.database)});
    greeting.push_back({"PING"});
    return greeting;
}

// Reading the certificates of the system takes its time and memory: all of a thread share them.
std::shared_ptr<stream::TlsClient> shared_tls_client() {
    thread_local std::weak_ptr<stream::TlsClient> known;
    auto client = known.lock();
    if (!client) known = client = std::make_shared<stream::TlsClient>("", stream::Spoken::Unsaid);
    return client;
}

std::string with_advice(const stream::TlsFailure& failure) {
    using Kind = stream::TlsFailure::Kind;
    switch (failure.kind) {
        case Kind::Untrusted:
            return failure.text + "; SSL_CERT_FILE names a file of authorities to trust";
        case Kind::NoTls:
        case Kind::Ended:
            return failure.text + "; a server without TLS is reached by redis://";
        default:
            return failure.text;
    }
}

}  // namespace

void Session::acknowledge_late() {
    constexpr auto kAgain = std::chrono::milliseconds(10);  // its timer of late ones, 40 ms, ends it
    auto* plain = socket.plain();
    if (!plain || last_read - told_to_acknowledge_late_ < kAgain) return;
    told_to_acknowledge_late_ = last_read;
    const int off = 0;
    ::setsockopt(plain->native_handle(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

Duration Pauses::next() {
    auto half = static_cast<std::uint64_t>(pause_.count() / 2);
    pause_ = std::min(pause_ * 2, options_.longest_retry);
    return Duration(half + random_number() % (half + 1));
}

bool Pauses::forgiven_since(Instant began) {
    if (Clock::now() - began < options_.longest_retry) return false;
    pause_ = options_.first_retry;
    return true;
}

std::string reason_of_loss(error_code error) {
    // Over TLS few servers take their leave.
    return error == asio::error::eof || error == asio::ssl::error::stream_truncated
               ? "the server closed the connection"
               : error.message();
}

Awaitable<error_code> Dialer::open(Session& session) {
    said_.clear();
    auto end = Clock::now() + options_.connect_timeout;
    auto socket = co_await connect();
    if (!socket) co_return socket.error();
    if (address_.tls) {
        auto secured = co_await secure(std::move(*socket), end);
        if (!secured) co_return secured.error();
        session.socket = std::move(*secured);
    } else {
        session.socket = stream::Stream(std::move(*socket));
    }
    // It carries what hundreds of clients' sockets ask for: what it has is not to gather behind theirs.
    session.socket.go_first();
    co_return co_await greet(session);
}

std::string Dialer::reason(error_code error) const {
    if (!said_.empty()) return said_;
    if (error == asio::error::timed_out)
        return fmt::format("no answer within {}", print_duration(options_.connect_timeout));
    return error.message();
}

Awaitable<Result<stream::TcpSocket>> Dialer::connect() {
    auto executor = co_await asio::this_coro::executor;
    stream::Connecting socket(executor);
    Resolver resolver(executor);
    auto [no_name, found] =
        co_await resolver.async_resolve(address_.host, std::to_string(address_.port), kAwait);
    if (no_name) co_return no_name;
    auto [refused, endpoint] = co_await asio::async_connect(socket, found, kAwait);
    if (refused) co_return refused;
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return stream::TcpSocket(executor, socket.release(ignored));
}

Awaitable<Result<stream::Stream>> Dialer::secure(stream::TcpSocket socket, Instant end) {
    if (!tls_) tls_ = shared_tls_client();
    // For the deadline: a Valkey without TLS waits for the end of what it takes for a line.
    said_ =
        fmt::format("no answer to the TLS handshake within {}; a server without TLS is reached by redis://",
                    print_duration(options_.connect_timeout));
    stream::TlsFailure failure;
    auto secured = co_await tls_->handshake(std::move(socket), address_.host, address_.port, end, &failure);
    if (secured)
        said_.clear();
    else if (secured.error() == stream::Errc::TlsFailed)
        said_ = with_advice(failure);
    co_return secured;
}

Awaitable<error_code> Dialer::greet(Session& session) {
    auto greeting = greeting_of(address_);
    std::string wire;
    for (const auto& command : greeting) wire += encode_command(command);
    auto [unsent, sent] = co_await session.socket.write(asio::buffer(wire));
    if (unsent) co_return unsent;
    for (std::size_t answered = 0; answered < greeting.size();) {
        auto [ended, got] = co_await session.socket.read_some(asio::buffer(session.buffer));
        if (ended) {
            // A server of TLS takes our first command for a broken handshake.
            if (answered == 0 && !address_.tls && ended != asio::error::operation_aborted)
                said_ = reason_of_loss(ended) +
                        " before its first answer; a server that speaks TLS is reached by rediss://";
            co_return ended;
        }
        session.last_read = Clock::now();
        session.reader.feed({session.buffer.data(), got});
        while (auto reply = session.reader.next()) {
            if (answered >= greeting.size() || reply->failed()) {
                said_ = fmt::format("the server refused {}: {}",
                                    greeting[std::min(answered, greeting.size() - 1)][0], reply->text);
                co_return Errc::Refused;
            }
            ++answered;
        }
        if (session.reader.broken()) {
            // TLS tells of a broken handshake with a record of type 21 (RFC 8446, section 5.1).
            said_ = !address_.tls && session.buffer[0] == '\x15'
                        ? "what answers there speaks TLS; it is reached by rediss://"
                        : "what answers there does not speak Valkey's protocol: " + session.reader.reason();
            co_return Errc::Refused;
        }
    }
    co_return error_code{};
}

}  // namespace seance::valkey
