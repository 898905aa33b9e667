#include "net/stream/tls_bridge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/websocket/client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_websocket.hpp"
#include "tests/support/tls_front.hpp"

namespace seance::websocket {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

// What the server says to `said`, or why there is no connection; then the connection is closed.
Awaitable<void> ask(Loop& loop, std::string url, Upgrading upgrading, std::string said, std::string& answer) {
    static const auto options = client_options();
    auto socket = co_await connect(loop, url, options, 5s, std::move(upgrading));
    if (!socket) {
        answer = socket.error().what;
        co_return;
    }
    (*socket)->send(Opcode::Text, said);
    auto message = co_await (*socket)->read_message();
    answer = message ? message->data : message.error().message();
    (*socket)->close(close_code::kNormal, "");
    auto last = co_await (*socket)->read_message();
    if (last) answer += " and more";
}

void echo(UpstreamConnection& connection) {
    ScriptedWebSocket socket(connection);
    socket.accepts("graphql-transport-ws");
    for (auto text = socket.receives(); !text.empty(); text = socket.receives()) socket.sends(text);
    socket.closes(socket.closed_with());
}

std::string url(std::uint16_t port, std::string_view host = "localhost") {
    return "wss://" + std::string(host) + ":" + std::to_string(port) + "/graphql";
}

struct TlsBridge : testing::Test {
    std::string outcome(std::string where, std::string said, std::string ca_file) {
        Upgrading upgrading;
        upgrading.subprotocol = "graphql-transport-ws";
        upgrading.ca_file = std::move(ca_file);
        std::string answer;
        run(loop, ask(loop, std::move(where), std::move(upgrading), std::move(said), answer));
        return answer;
    }
    Loop loop;
    ScriptedUpstream upstream{echo};
    TlsFront front{upstream.port()};
};

TEST_F(TlsBridge, CarriesMessagesBothWays) {
    EXPECT_EQ(outcome(url(front.port()), "hello", front.ca_file()), "hello");
}

TEST_F(TlsBridge, CarriesMessagesOfManyPieces) {
    std::string large(300'000, 'x');

    EXPECT_EQ(outcome(url(front.port()), large, front.ca_file()), large);
}

TEST_F(TlsBridge, RefusesACertificateThatNobodyVouchesForOrOfAnotherName) {
    EXPECT_THAT(outcome(url(front.port()), "x", ""), HasSubstr("no TLS"));
    EXPECT_THAT(outcome(url(front.port(), "127.0.0.1"), "x", front.ca_file()), HasSubstr("no TLS"));
}

TEST_F(TlsBridge, SaysSoWhenTheOtherSideSpeaksNoTls) {
    ScriptedUpstream plain([](UpstreamConnection& connection) { connection.sends("hello\r\n"); });

    EXPECT_THAT(outcome(url(plain.port()), "x", front.ca_file()), HasSubstr("no TLS"));
}

TEST_F(TlsBridge, EndsTheConnectionWhenTheServerIsGone) {
    ScriptedUpstream gone([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        socket.accepts("graphql-transport-ws");
        socket.receives();
        connection.hangs_up();
    });
    TlsFront in_front(gone.port());

    EXPECT_EQ(outcome(url(in_front.port()), "x", in_front.ca_file()),
              error_code(asio::error::connection_aborted).message());
}

}  // namespace
}  // namespace seance::websocket
