#include "net/websocket/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "net/http/server.hpp"
#include "net/websocket/client.hpp"
#include "net/websocket/handshake.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"

namespace seance::websocket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::LoopThread;
using testing_support::RawClient;

constexpr MaskKey kMask{1, 2, 3, 4};

std::string masked(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string out;
    append_masked_frame(out, opcode, payload, kMask, fin);
    return out;
}
std::string plain(Opcode opcode, std::string_view payload) {
    std::string out;
    append_frame(out, opcode, payload);
    return out;
}
std::string masked_close(std::uint16_t code) {
    return masked(Opcode::Close, close_payload(code, ""));
}

// A server whose connections echo; "twice" is answered by two frames, "close" by a close, "flood" until the
// peer is too slow.
class EchoServer {
  public:
    explicit EchoServer(Options options = {}) : options_(options) {
        loop_.on_loop([this] {
            server_ = std::make_unique<http::Server>(
                loop_.loop(), http::ServerOptions{},
                [this](http::Exchange& exchange) { return accept(exchange, *this); });
            server_->listen("127.0.0.1", 0);
        });
    }
    // The server and its sockets belong to the loop's thread; once that has ended nothing runs any more.
    ~EchoServer() { loop_.stop(); }

    std::uint16_t port() const { return server_->port(); }
    LoopThread& loop() { return loop_; }
    Ending ending() { return ended_.get_future().get(); }
    std::size_t most_queued() {
        std::size_t most = 0;
        loop_.on_loop([&] { most = most_queued_; });
        return most;
    }
    std::string url() const { return "ws://127.0.0.1:" + std::to_string(port()) + "/"; }

  private:
    struct Echo final : WebSocket::Listener {
        void on_message(Opcode kind, std::string_view payload) override {
            if (payload == "close") return socket->close(4000, "asked");
            if (payload == "flood") {
                auto frame = share_frame(Opcode::Binary, std::string(64 * 1024, 'x'));
                for (int i = 0; i < 1000 && socket->open(); ++i) {
                    socket->send(frame);
                    server->most_queued_ = std::max(server->most_queued_, socket->queued());
                }
                return;
            }
            socket->send(kind, payload);
            if (payload == "twice") socket->send(kind, "again");
        }
        void on_closed(const Ending& ending) override {
            if (!std::exchange(server->reported_, true)) server->ended_.set_value(ending);
        }
        EchoServer* server = nullptr;
        std::shared_ptr<WebSocket> socket;
    };

    static Awaitable<void> accept(http::Exchange& exchange, EchoServer& self) {
        auto answer = check_upgrade(exchange.head());
        auto taken = exchange.take_over();
        auto& echo = *self.echoes_.emplace_back(std::make_unique<Echo>());
        echo.server = &self;
        echo.socket = WebSocket::make(self.loop_.loop(), std::move(taken.socket), self.options_);
        echo.socket->start(&echo, upgrade_response(answer.accept), std::move(taken.leftover));
        co_return;
    }

    Options options_;
    LoopThread loop_;
    std::vector<std::unique_ptr<Echo>> echoes_;
    std::unique_ptr<http::Server> server_;
    std::promise<Ending> ended_;
    bool reported_ = false;
    std::size_t most_queued_ = 0;  // of a flood
};

struct Peer : RawClient {
    explicit Peer(EchoServer& server) : RawClient(server.port()) {
        sends(request());
        head = receives_head();
    }
    static std::string request() { return upgrade_request("a.test", "/", "dGhlIHNhbXBsZSBub25jZQ=="); }
    std::string head;
};

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
    first.sends(masked(Opcode::Text, std::string(80'000, 'a'), false) + masked(Opcode::Ping, "1"));
    first.receives_until(plain(Opcode::Pong, "1"));

    second.sends(masked(Opcode::Text, std::string(80'000, 'b'), false));

    auto close = plain(Opcode::Close, close_payload(1013, "sends too slowly for a server short of memory"));
    EXPECT_EQ(second.receives(close.size()), close);
    first.sends(masked(Opcode::Continuation, "!"));
    auto echo = plain(Opcode::Text, std::string(80'000, 'a') + "!");
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
