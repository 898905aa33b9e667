#include "net/websocket/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/echo_server.hpp"

namespace seance::websocket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::EchoServer;
using testing_support::masked;
using testing_support::masked_close;
using testing_support::plain;
using testing_support::RawClient;
using Peer = testing_support::EchoPeer;

}  // namespace

TEST(WebSocketServer, ShakesHandsAndEchoes) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "hello") + masked(Opcode::Binary, "\xFF"));

    EXPECT_THAT(peer.head, HasSubstr("HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_THAT(peer.head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_EQ(peer.receives(7 + 3), plain(Opcode::Text, "hello") + plain(Opcode::Binary, "\xFF"));
}

TEST(WebSocketServer, TakesFramesThatCameWithTheRequest) {
    EchoServer server;
    RawClient peer(server.port());

    peer.sends(Peer::request() + masked(Opcode::Text, "early") + masked(Opcode::Text, "bird"));

    EXPECT_THAT(peer.receives_head(), HasSubstr("101"));
    EXPECT_EQ(peer.receives(7 + 6), plain(Opcode::Text, "early") + plain(Opcode::Text, "bird"));
}

TEST(WebSocketServer, UnderstandsAPeerThatSendsOneByteAtATime) {
    EchoServer server;
    Peer peer(server);

    for (char byte :
         masked(Opcode::Text, "sl", false) + masked(Opcode::Ping, "p") + masked(Opcode::Continuation, "ow"))
        peer.sends({&byte, 1});

    EXPECT_EQ(peer.receives(3 + 6), plain(Opcode::Pong, "p") + plain(Opcode::Text, "slow"));
}

TEST(WebSocketServer, SendsWhatIsQueuedInOneTurnTogether) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "twice"));

    EXPECT_EQ(peer.receives(7 + 7), plain(Opcode::Text, "twice") + plain(Opcode::Text, "again"));
}

TEST(WebSocketServer, EchoesAMessageLargerThanItsBuffers) {
    EchoServer server;
    Peer peer(server);
    std::string large(900'000, 'm');

    peer.sends(masked(Opcode::Text, large));

    EXPECT_EQ(peer.receives(large.size() + 10), plain(Opcode::Text, large));
}

TEST(WebSocketServer, AnswersACloseWithItsCodeAndClosesTheConnection) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "last") + masked_close(4321) + masked(Opcode::Text, "ignored"));

    EXPECT_EQ(peer.receives_until("\x10\xE1"),
              plain(Opcode::Text, "last") + plain(Opcode::Close, "\x10\xE1"));
    EXPECT_TRUE(peer.sees_close());
    auto ending = server.ending();
    EXPECT_EQ(ending.code, 4321);
    EXPECT_FALSE(ending.by_us);
}

TEST(WebSocketServer, AnswersAnEmptyCloseWithAnEmptyOne) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Close, ""));

    EXPECT_EQ(peer.receives_all(), plain(Opcode::Close, ""));
    EXPECT_EQ(server.ending().code, close_code::kNone);
}

TEST(WebSocketServer, WaitsForTheAnswerToItsOwnClose) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "close"));
    auto close = plain(Opcode::Close, close_payload(4000, "asked"));
    EXPECT_EQ(peer.receives(close.size()), close);
    peer.sends(masked(Opcode::Text, "ignored") + masked_close(4000));

    EXPECT_TRUE(peer.sees_close());
    auto ending = server.ending();
    EXPECT_EQ(ending.code, 4000);
    EXPECT_TRUE(ending.by_us);
}

TEST(WebSocketServer, CutsAPeerThatDoesNotAnswerItsCloseInTime) {
    Options options;
    options.close_timeout = 100ms;
    EchoServer server(options);
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "close"));
    peer.receives_until("asked");

    EXPECT_TRUE(peer.sees_close());
    EXPECT_EQ(server.ending().code, 4000);
}

TEST(WebSocketServer, SaysWhyItClosesOnBadFrames) {
    struct Case {
        std::string bytes;
        std::uint16_t code;
    };
    Options options;
    options.max_message = 1000;
    for (const auto& [bytes, code] :
         {Case{plain(Opcode::Text, "unmasked"), 1002}, Case{masked(Opcode::Text, "\xFF"), 1007},
          Case{masked(Opcode::Binary, std::string(1001, 'x')) + std::string(100'000, 'y'), 1009}}) {
        EchoServer server(options);
        Peer peer(server);

        peer.sends(bytes);

        auto close = peer.receives(4);
        ASSERT_EQ(close.size(), 4u);
        EXPECT_EQ(close.substr(2), close_payload(code, ""));
        peer.receives_all();
        peer.close();
        EXPECT_EQ(server.ending().code, code);
    }
}

TEST(WebSocketServer, PingsASilentPeerAndCutsItWhenItStaysSilent) {
    Options options;
    options.ping_interval = 100ms;
    EchoServer server(options);
    Peer peer(server);

    EXPECT_EQ(peer.receives(2), plain(Opcode::Ping, ""));
    peer.sends(masked(Opcode::Pong, ""));
    EXPECT_EQ(peer.receives(2), plain(Opcode::Ping, ""));

    EXPECT_TRUE(peer.sees_close());
    EXPECT_EQ(server.ending().code, close_code::kAbnormal);
}

TEST(WebSocketServer, SpreadsFirstPingsOverHalfTheInterval) {
    std::vector<Duration> pings;
    for (std::uint64_t random = 0; random < 1'000; ++random)
        pings.push_back(first_ping(30s, random * 0x9E3779B97F4A7C15U));

    auto in_a_second = [&](Duration second) {
        return std::count_if(pings.begin(), pings.end(),
                             [&](Duration at) { return at >= second && at < second + 1s; });
    };
    EXPECT_GE(*std::min_element(pings.begin(), pings.end()), 15s);
    EXPECT_LE(*std::max_element(pings.begin(), pings.end()), 30s);
    for (auto second = 15s; second < 30s; second += 1s)
        EXPECT_NEAR(static_cast<double>(in_a_second(second)), 67, 33);
}

TEST(WebSocketServer, NoticesAPeerThatHangsUp) {
    EchoServer server;
    Peer peer(server);

    peer.sends(masked(Opcode::Text, "half a message").substr(0, 9));
    peer.resets();

    EXPECT_EQ(server.ending().code, close_code::kAbnormal);
}

}  // namespace seance::websocket
