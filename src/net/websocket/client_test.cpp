#include "net/websocket/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/echo_server.hpp"

namespace seance::websocket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::EchoServer;
using testing_support::LoopThread;
using testing_support::RawClient;
using Peer = testing_support::EchoPeer;

}  // namespace

namespace {

Awaitable<std::string> converse(Loop& loop, std::string url, Options options) {
    auto connected = co_await connect(loop, url, options, 5s);
    if (!connected) co_return connected.error().what;
    auto socket = *connected;
    std::string heard;
    for (std::string text : {std::string("one"), std::string("twice"), std::string(70'000, 'x')}) {
        socket->send(Opcode::Text, text);
        auto answer = co_await socket->read_message();
        heard += answer ? answer->data.substr(0, 10) + "," : answer.error().message();
    }
    auto again = co_await socket->read_message();
    socket->send(Opcode::Text, "close");
    while (true) {
        auto rest = co_await socket->read_message();
        if (!rest) break;
    }
    heard += std::to_string(socket->ending().code) + " " + socket->ending().reason;
    co_return heard;
}

Awaitable<std::string> converse_and_close(Loop& loop, std::string url, Options options) {
    auto connected = co_await connect(loop, url, options, 5s);
    auto socket = *connected;
    socket->close(1000, "done");
    auto rest = co_await socket->read_message();
    co_return rest ? rest->data : rest.error().message();
}

}  // namespace

TEST(WebSocketClient, ConversesWithTheServer) {
    EchoServer server;

    auto heard = server.loop().await(converse(server.loop().loop(), server.url(), client_options()));

    EXPECT_EQ(heard, "one,twice,again,4000 asked");
}

TEST(WebSocketClient, FindsThisMachineByItsLocalNames) {
    EchoServer server;
    for (std::string name : {"localhost", "signaling.seance.localhost"}) {
        auto url = "ws://" + name + ":" + std::to_string(server.port()) + "/x?y#z";
        EXPECT_THAT(server.loop().await(converse(server.loop().loop(), url, client_options())),
                    HasSubstr("one,"));
    }
}

// What cancel() leaves to do comes after its caller has gone, and the options with it (seen by ASan).
Awaitable<bool> connect_and_leave(Loop& loop, std::string url) {
    auto options = std::make_unique<Options>(client_options());
    auto connected = co_await connect(loop, url, *options, 5s);
    if (connected) (*connected)->cancel();
    co_return connected.has_value();
}

TEST(WebSocketClient, MayOutliveItsOptions) {
    EchoServer server;

    EXPECT_TRUE(server.loop().await(connect_and_leave(server.loop().loop(), server.url())));

    server.ending();
}

TEST(WebSocketClient, ClosesPolitely) {
    EchoServer server;

    server.loop().await(converse_and_close(server.loop().loop(), server.url(), client_options()));

    auto ending = server.ending();
    EXPECT_EQ(ending.code, 1000);
    EXPECT_EQ(ending.reason, "done");
}

TEST(WebSocketClient, SaysWhatIsWrongWithAUrlOrAServer) {
    EchoServer server;
    auto outcome = [&](std::string url) {
        return server.loop().await(converse(server.loop().loop(), url, client_options()));
    };

    EXPECT_THAT(outcome("http://a.test/"), HasSubstr("has to begin with ws://"));
    EXPECT_THAT(outcome("wss://"), HasSubstr("host"));
    EXPECT_THAT(outcome("ws://"), HasSubstr("host"));
    EXPECT_THAT(outcome("ws://a.test/\r\nX: y"), HasSubstr("control character"));
    EXPECT_THAT(outcome("ws://127.0.0.1:1/"), HasSubstr("cannot connect"));
}

}  // namespace seance::websocket
