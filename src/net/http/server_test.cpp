#include "net/http/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <cstring>
#include <deque>

#include "core/runtime/wait.hpp"
#include "net/http/router.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"

namespace seance::http {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::LoopThread;
using testing_support::RawClient;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Awaitable<void> say_hello(Exchange& exchange) {
    exchange.reply(text_response(200, "hello"));
    co_return;
}

Awaitable<void> echo(Exchange& exchange) {
    auto body = co_await exchange.read_whole_body(1 << 20);
    if (!body) {
        exchange.reply(error_page(status_of_body_error(body.error()), exchange.request_id()));
        co_return;
    }
    exchange.reply(text_response(200, *body));
}

Awaitable<void> stream(Exchange& exchange) {
    Fields fields{{"Content-Type", "text/plain"}};
    co_await exchange.start(200, fields, std::nullopt);
    co_await exchange.write("one");
    co_await exchange.write("twotwo");
    co_await exchange.finish();
}

Awaitable<void> stream_with_head(Exchange& exchange) {
    Fields fields{{"Content-Type", "text/plain"}};
    exchange.start_with_next(200, fields);
    if (exchange.head().path() == "/nothing") co_return;
    if (exchange.head().path() == "/one") co_await exchange.write("one");
    co_await exchange.finish();
}

Awaitable<void> cut_short(Exchange& exchange) {
    Fields fields;
    co_await exchange.start(200, fields, 100);
    co_await exchange.write("only this");
}

Awaitable<void> fail(Exchange&) {
    throw std::runtime_error("broken");
    co_return;
}

Awaitable<void> flood(Exchange& exchange) {
    Fields fields;
    co_await exchange.start(200, fields, std::nullopt);
    std::string piece(64 * 1024, 'x');
    while (!co_await exchange.write(piece)) {
    }
}

class ServerFixture {
  public:
    explicit ServerFixture(Handler handler, ServerOptions options = {}) {
        options.log_requests = false;
        thread_.on_loop([&] {
            server_ = std::make_unique<Server>(thread_.loop(), options, std::move(handler));
            server_->listen("127.0.0.1", 0);
            port_ = server_->port();
        });
    }
    ~ServerFixture() {
        thread_.on_loop([&] { server_.reset(); });
    }
    RawClient client() { return RawClient(port_); }
    std::uint16_t port() const { return port_; }
    Server& server() { return *server_; }
    LoopThread& thread() { return thread_; }

  private:
    LoopThread thread_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST(Server, AnswersWithDateLengthAndRequestId) {
    ServerFixture server(say_hello);
    auto client = server.client();

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 5\r\n"),
                      HasSubstr("\r\nDate: "), HasSubstr("X-Request-Id: "), Not(HasSubstr("Connection:"))));
    EXPECT_EQ(client.receives(5), "hello");
}

TEST(Server, AnswersPipelinedRequestsInOrderAndAByteAtATime) {
    ServerFixture server(echo);
    auto client = server.client();
    std::string requests;
    for (int i = 0; i < 100; ++i)
        requests += "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i % 90);

    client.sends(requests);
    for (int i = 0; i < 100; ++i) {
        client.receives_head();
        EXPECT_EQ(client.receives(2), std::to_string(10 + i % 90));
    }
    for (char c :
         std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
        client.sends(std::string_view(&c, 1));
    client.receives_head();
    EXPECT_EQ(client.receives(3), "abc");
}

TEST(Server, KeepsTheFramingOfHttp10) {
    ServerFixture server(say_hello);
    auto closing = server.client();
    closing.sends("GET / HTTP/1.0\r\n\r\n");
    EXPECT_THAT(closing.receives_all(), AllOf(HasSubstr("Connection: close"), EndsWith("\r\n\r\nhello")));

    auto keeping = server.client();
    keeping.sends("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(keeping.receives_head(), HasSubstr("Connection: keep-alive"));
}

TEST(Server, SendsNoBodyToHead) {
    ServerFixture server(say_hello);
    auto client = server.client();

    client.sends("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + kGet);

    EXPECT_THAT(client.receives_head(), HasSubstr("Content-Length: 5"));
    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200"));
}

TEST(Server, StreamsInChunks) {
    ServerFixture server(stream);
    auto client = server.client();

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(), HasSubstr("Transfer-Encoding: chunked"));
    EXPECT_EQ(client.receives_until("0\r\n\r\n"), "3\r\none\r\n6\r\ntwotwo\r\n0\r\n\r\n");
}

TEST(Server, SendsAHeadThatWaitsWithWhatIsNext) {
    ServerFixture server(stream_with_head);
    auto client = server.client(), old_client = server.client(), left = server.client();
    const std::string kHost = " HTTP/1.1\r\nHost: a\r\n\r\n";

    client.sends("GET /one" + kHost + "GET /end" + kHost + "HEAD /one" + kHost + "GET /one" + kHost);
    old_client.sends("GET /one HTTP/1.0\r\n\r\n");
    left.sends("GET /nothing" + kHost);

    for (const char* body : {"3\r\none\r\n0\r\n\r\n", "0\r\n\r\n", "", "3\r\none\r\n0\r\n\r\n"}) {
        EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(client.receives(std::strlen(body)), body);
    }
    EXPECT_THAT(old_client.receives_all(),
                AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\none"), Not(HasSubstr("chunked"))));
    EXPECT_EQ(left.receives_all(), "");
}

TEST(Server, CutsTheConnectionOfAnIncompleteAnswer) {
    ServerFixture server(cut_short);
    auto client = server.client();

    client.sends(kGet);

    EXPECT_THAT(client.receives_all(), EndsWith("only this"));
}

TEST(Server, AnswersAFaultWith500AndGoesOn) {
    ServerFixture server(fail);
    auto client = server.client();

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 500 "));
    auto second = server.client();
    second.sends(kGet);
    EXPECT_THAT(second.receives_head(), StartsWith("HTTP/1.1 500 "));
}

TEST(Server, RefusesSmugglingWithACompleteAnswerAndCloses) {
    ServerFixture server(say_hello);
    const std::pair<const char*, const char*> cases[] = {
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET "
         "/x HTTP/1.1\r\n",
         "400"},
        {"GET / HTTP/1.1\nHost: a\n\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", "400"},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "405"},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"}};
    for (auto [request, status] : cases) {
        auto client = server.client();
        client.sends(request);
        auto answer = client.receives_head();
        EXPECT_THAT(answer,
                    AllOf(StartsWith(std::string("HTTP/1.1 ") + status), HasSubstr("Connection: close")));
        client.half_closes();
        client.receives_all();
        EXPECT_TRUE(client.sees_close());
    }
}

TEST(Server, Sends100ContinueJustBeforeItReadsTheBody) {
    ServerFixture server(echo);
    auto client = server.client();

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receives_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.sends("abc");

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(client.receives(3), "abc");
}

TEST(Server, NeverSends100ContinueWhenTheAnswerIsKnown) {
    ServerFixture server(say_hello);
    auto client = server.client();

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");

    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close")));
}

TEST(Server, RefusesABodyOverTheLimitBeforeReadingIt) {
    ServerOptions options;
    options.max_body = 10;
    ServerFixture server(echo, options);
    auto declared = server.client();
    declared.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(declared.receives_head(), StartsWith("HTTP/1.1 413"));

    auto at_edge = server.client();
    at_edge.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    EXPECT_THAT(at_edge.receives_head(), StartsWith("HTTP/1.1 200"));
}

TEST(Server, RefusesAChunkedBodyThatGrowsPastTheLimit) {
    ServerFixture server(echo);
    auto client = server.client();
    std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 17; ++i) client.sends(chunk);

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 413"));
}

TEST(Server, GivesASlowHeadA408) {
    ServerOptions options;
    options.head_timeout = 100ms;
    ServerFixture server(say_hello, options);
    auto client = server.client();

    client.sends("GET / HTTP/1.1\r\nHo");

    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 408"), HasSubstr("Connection: close")));
}

TEST(Server, GivesASlowBodyA408) {
    ServerOptions options;
    options.body_timeout = 100ms;
    ServerFixture server(echo, options);
    auto client = server.client();

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 408"));
}

TEST(Server, ClosesAnIdleConnectionSilently) {
    ServerOptions options;
    options.idle_timeout = 100ms;
    ServerFixture server(say_hello, options);
    auto client = server.client();

    EXPECT_TRUE(client.sees_close());
}

TEST(Server, ClosesAClientThatNeverReads) {
    ServerOptions options;
    options.write_timeout = 200ms;
    ServerFixture server(flood, options);
    auto client = server.client();

    client.sends(kGet);

    auto deadline = std::chrono::steady_clock::now() + 10s;
    while (server.thread().on_loop([&] { return server.server().connections(); }) != 0 ||
           client.receives(1).empty())
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(Server, AnswersAConnectionOverTheLimitWith503) {
    ServerOptions options;
    options.max_connections = 1;
    ServerFixture server(say_hello, options);
    auto first = server.client();
    first.sends(kGet);
    first.receives_head();

    auto second = server.client();

    EXPECT_THAT(second.receives_head(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1")));
}

TEST(Server, ClosesAfterTheLastAllowedRequest) {
    ServerOptions options;
    options.max_requests = 2;
    ServerFixture server(say_hello, options);
    auto client = server.client();

    client.sends(kGet + kGet + kGet);

    EXPECT_THAT(client.receives_head(), Not(HasSubstr("Connection: close")));
    client.receives(5);
    EXPECT_THAT(client.receives_head(), HasSubstr("Connection: close"));
    EXPECT_EQ(client.receives_all(), "hello");
}

TEST(Server, DrainAnswersWhatIsInFlightAndClosesIdleConnections) {
    ServerFixture server(echo);
    auto idle = server.client();
    idle.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    idle.receives_head();
    auto busy = server.client();
    busy.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    busy.receives_head();  // its handler waits for the body now

    auto drain = [](Server* draining) -> Awaitable<int> {
        co_await draining->drain();
        co_return 1;
    };
    std::thread finisher([&] {
        EXPECT_TRUE(idle.sees_close());
        busy.sends("abc");
    });
    server.thread().await(drain(&server.server()));
    finisher.join();

    EXPECT_THAT(busy.receives_all(), AllOf(HasSubstr("Connection: close"), EndsWith("abc")));
    EXPECT_FALSE(server.client().connected());
}

TEST(Server, TellsAHandlerThatItsClientHasGone) {
    std::promise<void> gone;
    auto wait_for_it = [&gone](Exchange& exchange) -> Awaitable<void> {
        exchange.on_disconnect([&gone] { gone.set_value(); });
        return [](Exchange& e) -> Awaitable<void> {
            co_await sleep_for(300ms);
            e.reply(text_response(200, "late"));
        }(exchange);
    };
    ServerFixture server(wait_for_it);
    auto client = server.client();
    client.sends(kGet);
    client.close();

    EXPECT_EQ(gone.get_future().wait_for(5s), std::future_status::ready);
}

TEST(Server, KeepsBytesThatCameWhileItWatchedForADisconnect) {
    auto wait = [](Exchange& exchange) -> Awaitable<void> {
        exchange.on_disconnect([] {});
        return [](Exchange& e) -> Awaitable<void> {
            co_await sleep_for(50ms);
            std::string path(e.head().path());
            e.reply(text_response(200, path));
        }(exchange);
    };
    ServerFixture server(wait);
    auto client = server.client();

    client.sends("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(
        10ms);  // whether the second comes during or after the first, its answer is the same
    client.sends("GET /second HTTP/1.1\r\nHost: a\r\nX: " + std::string(3000, 'x') +
                 "\r\n\r\nGET /third HTTP/1.1\r\nHost: a\r\n\r\n");

    for (const char* path : {"/first", "/second", "/third"}) {
        client.receives_head();
        EXPECT_EQ(client.receives(std::string_view(path).size()), path);
    }
}

TEST(Server, ReadsSmallAndLargeHeadsInTurnOnOneConnection) {
    auto say_size = [](Exchange& exchange) -> Awaitable<void> {
        exchange.reply(text_response(200, std::to_string(exchange.head().fields.get("x").size())));
        co_return;
    };
    ServerFixture server(say_size);
    auto client = server.client();

    for (std::size_t size : {10u, 3'000u, 20u, 20'000u, 30u}) {
        client.sends("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size, 'x') + "\r\n\r\n");
        client.receives_head();
        EXPECT_EQ(client.receives(std::to_string(size).size()), std::to_string(size));
    }
}

TEST(Server, HandsOverAConnectionWithItsLeftover) {
    auto tunnel = [](Exchange& exchange) -> Awaitable<void> {
        auto taken = exchange.take_over();
        return [](TakenOver connection) -> Awaitable<void> {
            auto text = "leftover: " + connection.leftover;
            co_await asio::async_write(connection.socket, asio::buffer(text), kAwait);
        }(std::move(taken));
    };
    ServerFixture server(tunnel);
    auto client = server.client();

    client.sends(kGet + "extra");

    EXPECT_EQ(client.receives_all(), "leftover: extra");
}

TEST(Server, GivesAcceptedSocketsTheNoDelayOfTheirListener) {
    auto tell = [](Exchange& exchange) -> Awaitable<void> {
        auto taken = exchange.take_over();
        int option = 0;
        socklen_t size = sizeof option;
        ::getsockopt(taken.socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &option, &size);
        auto text = option != 0 ? std::string("at once") : std::string("late");
        return [](TakenOver connection, std::string answer) -> Awaitable<void> {
            co_await asio::async_write(connection.socket, asio::buffer(answer), kAwait);
        }(std::move(taken), std::move(text));
    };
    ServerFixture server(tell);
    auto client = server.client();

    client.sends(kGet);

    EXPECT_EQ(client.receives_all(), "at once");
}

TEST(Server, TakesAllThatCameWhileItWasBusy) {
    ServerFixture server(say_hello);
    std::deque<RawClient> clients;
    server.thread().on_loop([&] {
        for (int i = 0; i < 50; ++i) clients.emplace_back(server.port());
    });

    for (auto& client : clients) client.sends(kGet);

    for (auto& client : clients) EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200"));
}

TEST(Server, SaysWhichPortIsTaken) {
    ServerFixture server(say_hello);
    LoopThread other;
    auto text = other.on_loop([&]() -> std::string {
        try {
            Server second(other.loop(), {}, say_hello);
            second.listen("127.0.0.1", server.port());
            return "";
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    });

    EXPECT_EQ(text, fmt::format(
                        "port {} of 127.0.0.1 is taken by http_test (process {}); stop that, or set PORT to "
                        "another port",
                        server.port(), getpid()));
}

TEST(Router, AnswersKnownPathsUnknownPathsAndWrongMethods) {
    Router router;
    router.add("GET", "/hello", say_hello);
    router.add("POST", "/echo", echo);
    router.add("GET", "/files/*", say_hello);
    ServerFixture server(router);
    auto status = [&](const std::string& line) {
        auto client = server.client();
        client.sends(line + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return client.receives_head();
    };

    EXPECT_THAT(status("GET /hello?x"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(status("HEAD /hello"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(status("GET /files/a/b"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(status("GET /nope"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(status("DELETE /hello"),
                AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD\r\n")));
}

}  // namespace seance::http
