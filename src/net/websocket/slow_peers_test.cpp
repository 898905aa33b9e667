// Peers that read or write too slowly, or not at all.
#include "net/websocket/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/echo_server.hpp"

namespace seance::websocket {
namespace {

using namespace std::chrono_literals;
using testing_support::EchoServer;
using testing_support::masked;
using testing_support::plain;
using Peer = testing_support::EchoPeer;

}  // namespace

TEST(WebSocketServer, ClosesAPeerThatStopsReading) {
    Options options;
    options.close_timeout = 100ms;
    EchoServer server(options);
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "flood"));

    auto ending = server.ending();
    EXPECT_EQ(ending.code, close_code::kTryAgainLater);
    EXPECT_TRUE(ending.by_us);
}

TEST(WebSocketServer, TellsASlowPeerWhyOnceItReadsAgain) {
    Options options;
    options.close_timeout = 10s;
    EchoServer server(options);
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "flood"));
    auto all = peer.receives_until("reads too slowly");

    auto close = plain(Opcode::Close, close_payload(1013, "reads too slowly"));
    ASSERT_GT(all.size(), close.size());
    EXPECT_EQ(all.substr(all.size() - close.size()), close);
    EXPECT_EQ((all.size() - close.size()) % (64 * 1024 + 10), 0u) << "whole frames before it";
}

TEST(WebSocketServer, DropsTheOldestMessagesOfASlowPeerWhereItIsToldTo) {
    std::uint64_t dropped = 0;
    Options options;
    options.slow_reader = SlowReader::DropOldest;
    options.dropped = &dropped;
    EchoServer server(options);
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "flood") + masked(Opcode::Text, "the end"));
    auto all = peer.receives_until("the end");

    auto frame = plain(Opcode::Binary, std::string(64 * 1024, 'x')).size();
    auto end = plain(Opcode::Text, "the end").size();
    EXPECT_EQ((all.size() - end) % frame, 0u) << "whole frames";
    server.loop().on_loop([&] { EXPECT_EQ(dropped, 1000 - (all.size() - end) / frame); });
    EXPECT_GT(dropped, 0u);
}

TEST(WebSocketServer, ClosesASlowPeerThatTheServerHasNoMemoryFor) {
    Backlog backlog;
    backlog.limit = 1 << 20;
    Options options;
    options.max_queue = 1 << 30;
    options.backlog = &backlog;
    EchoServer server(options);
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "flood"));
    auto all = peer.receives_until("short of memory");

    EXPECT_TRUE(all.ends_with(
        plain(Opcode::Close, close_payload(1013, "reads too slowly for a server short of memory"))));
    server.loop().on_loop([&] { EXPECT_LE(backlog.used, backlog.limit); });
    EXPECT_LT(server.most_queued(), 4u << 20) << "though all was sent in one turn";
}

TEST(WebSocketServer, ClosesASlowWriterThatTheServerHasNoMemoryFor) {
    Backlog backlog;
    backlog.limit = 100'000;
    Options options;
    options.backlog = &backlog;
    EchoServer server(options);
    Peer first(server), second(server);
    std::string part;
    part.assign(80'000, 'a');
    first.sends(masked(Opcode::Text, part, false) + masked(Opcode::Ping, "1"));
    first.receives_until(plain(Opcode::Pong, "1"));

    second.sends(masked(Opcode::Text, part, false));

    auto close = plain(Opcode::Close, close_payload(1013, "sends too slowly for a server short of memory"));
    EXPECT_EQ(second.receives(close.size()), close);
    first.sends(masked(Opcode::Continuation, "!"));
    part += '!';
    auto echo = plain(Opcode::Text, part);
    EXPECT_EQ(first.receives(echo.size()), echo);
    server.loop().on_loop([&] { EXPECT_EQ(backlog.used, 0u); });
}

TEST(WebSocketServer, AnswersOnlyTheLatestPingOfAPeerThatDoesNotRead) {
    Options options;
    options.max_queue = 1 << 30;
    EchoServer server(options);
    Peer peer(server);
    std::string pings;
    for (int i = 0; i < 1000; ++i) pings += masked(Opcode::Ping, "ping " + std::to_string(i) + ".");

    peer.sends(masked(Opcode::Text, "flood") + masked(Opcode::Text, "the end"));
    peer.receives(100'000);  // the flood has filled the socket
    peer.sends(pings);
    auto all = peer.receives_until("ping 999.");

    EXPECT_NE(all.find("the end"), std::string::npos);
    EXPECT_EQ(all.find("ping 500."), std::string::npos);
}

}  // namespace seance::websocket
