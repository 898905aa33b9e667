#include "net/stream/tls_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/stream/connect.hpp"
#include "net/stream/errors.hpp"
#include "net/stream/tls_bridge.hpp"
#include "tests/support/run.hpp"
#include "tests/support/tls_front.hpp"

namespace seance::stream {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

struct Pair {
    TcpSocket client, server;
};

Pair connected(Loop& loop) {
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor(loop.executor(),
                                                                  {asio::ip::make_address("127.0.0.1"), 0});
    Connecting client(loop.executor()), server(loop.executor());
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
    for (auto* one : {&client, &server}) one->native_non_blocking(true);
    return {TcpSocket(loop.executor(), client.release()), TcpSocket(loop.executor(), server.release())};
}

// Serves one connection: what comes is sent back once.
Awaitable<void> echo(std::shared_ptr<TlsServer> server, TcpSocket socket, Duration limit,
                     error_code& outcome) {
    auto stream = co_await server->handshake(std::move(socket), Clock::now() + limit);
    if (!stream) {
        outcome = stream.error();
        co_return;
    }
    auto executor = co_await asio::this_coro::executor;
    auto plain = bridge_tls(executor, std::move(*stream));
    if (!plain) {
        outcome = plain.error();
        co_return;
    }
    std::string bytes(64, ' ');
    auto [error, n] = co_await plain->async_read_some(asio::buffer(bytes), kAwait);
    auto [lost, written] = co_await asio::async_write(*plain, asio::buffer(bytes.data(), n), kAwait);
    outcome = lost;
}

Awaitable<void> ask(TcpSocket socket, std::string ca_file, std::string& answer) {
    auto client = std::make_shared<TlsClient>(ca_file);
    auto stream = co_await client->handshake(std::move(socket), "localhost", 443, Clock::now() + 5s);
    if (!stream) {
        answer = stream.error().message();
        co_return;
    }
    std::string said = "hello";
    TwoBuffers out{asio::buffer(said), asio::const_buffer()};
    co_await stream->write(out);
    std::string bytes(64, ' ');
    auto [error, n] = co_await stream->read_some(asio::buffer(bytes));
    answer = bytes.substr(0, n);
}

}  // namespace

TEST(TlsServer, TalksToAClientThatTrustsItsCertificate) {
    Loop loop;
    SelfSigned own;
    auto server = TlsServer::load(own.certificate_file(), own.key_file());
    ASSERT_TRUE(server.has_value()) << server.error().what;
    auto pair = connected(loop);
    error_code outcome;
    std::string answer;

    asio::co_spawn(loop.executor(), echo(*server, std::move(pair.server), 5s, outcome), asio::detached);
    run(loop, ask(std::move(pair.client), own.certificate_file(), answer));

    EXPECT_EQ(answer, "hello");
    EXPECT_FALSE(outcome);
    EXPECT_EQ((*server)->name(), "localhost");
}

TEST(TlsServer, GivesUpOnAClientThatSaysNothingOrSpeaksNoTls) {
    Loop loop;
    SelfSigned own;
    auto server = TlsServer::load(own.certificate_file(), own.key_file());
    auto silent = connected(loop), plain = connected(loop);
    error_code late, failed;
    std::string request = "GET / HTTP/1.1\r\n\r\n";
    const iovec part{request.data(), request.size()};
    plain.client.send_now(&part, 1);

    run(loop, echo(*server, std::move(silent.server), 20ms, late));
    run(loop, echo(*server, std::move(plain.server), 5s, failed));

    EXPECT_EQ(late, asio::error::timed_out);
    EXPECT_EQ(failed, Errc::TlsFailed);
}

TEST(TlsServer, NamesTheFileThatCannotBeUsed) {
    SelfSigned own, other;

    EXPECT_THAT(TlsServer::load("/nowhere.pem", own.key_file()).error().what,
                HasSubstr("/nowhere.pem is no readable file of certificates"));
    EXPECT_THAT(TlsServer::load(own.certificate_file(), "/nowhere.pem").error().what,
                HasSubstr("/nowhere.pem is no readable private key"));
    EXPECT_THAT(TlsServer::load(own.certificate_file(), other.key_file()).error().what,
                HasSubstr("belongs to"));
}

}  // namespace seance::stream
