#include "net/proxy/reverse_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace seance::proxy {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::always;
using testing_support::LoopThread;
using testing_support::RawClient;
using testing_support::ScriptedUpstream;
using testing_support::UpstreamConnection;
using Script = ScriptedUpstream::Script;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kGet = "GET /up?x=1 HTTP/1.1\r\nHost: app.test\r\n\r\n";

Script answers(std::string bytes) {
    return [bytes = std::move(bytes)](UpstreamConnection& c) {
        c.receives_head();
        c.sends(bytes);
    };
}

// A server whose every request goes through the proxy to a scripted upstream.
class ProxyFixture : public testing::Test {
  protected:
    RawClient client_of(std::vector<Script> scripts) {
        upstream_ = std::make_unique<ScriptedUpstream>(std::move(scripts));
        to_.origin = {"127.0.0.1", upstream_->port(), false};
        return start();
    }
    RawClient client_of(Script script) { return client_of(std::vector<Script>{std::move(script)}); }

    RawClient start() {
        thread_.on_loop([&] {
            client_ = std::make_unique<http::Client>(thread_.loop(), options_);
            proxy_ = std::make_unique<ReverseProxy>(client_->pool(), Networks::private_ranges());
            http::ServerOptions server_options;
            server_options.log_requests = false;
            server_options.max_body = 1 << 20;
            server_ = std::make_unique<http::Server>(
                thread_.loop(), server_options,
                [this](http::Exchange& e) { return proxy_->forward(e, to_, rules_); });
            server_->listen("127.0.0.1", 0);
        });
        return RawClient(server_->port());
    }

    ~ProxyFixture() override {
        thread_.on_loop([&] {
            server_.reset();
            client_.reset();
        });
        thread_.stop();
    }

    std::size_t idle() {
        return thread_.on_loop([&] { return client_->pool()->idle(to_.origin); });
    }

    http::ClientOptions options_;
    ForwardRules rules_;
    Upstream to_;
    std::unique_ptr<ScriptedUpstream> upstream_;
    LoopThread thread_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<ReverseProxy> proxy_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace

using ReverseProxyTest = ProxyFixture;

TEST_F(ReverseProxyTest, PassesRequestsAndAnswersOnOverOneConnectionEachSide) {
    std::string seen;
    auto client = client_of([&](UpstreamConnection& c) {
        while (true) {
            auto head = c.receives_head();
            if (head.empty()) break;
            seen = head;
            c.sends("HTTP/1.1 201 Made\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhello");
        }
    });

    for (int i = 0; i < 3; ++i) {
        client.sends(kGet);
        EXPECT_THAT(
            client.receives_until("hello"),
            AllOf(StartsWith("HTTP/1.1 201 Made\r\n"), HasSubstr("X-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n"),
                  HasSubstr("\r\nX-Request-Id: "), HasSubstr("\r\nDate: "), Not(HasSubstr("Connection"))));
    }

    EXPECT_EQ(upstream_->connections(), 1);
    EXPECT_THAT(seen, AllOf(StartsWith("GET /up?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
                            HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"),
                            HasSubstr("X-Forwarded-Host: app.test\r\n")));
}

TEST_F(ReverseProxyTest, PassesBodiesOfEverySizeBothWays) {
    auto client = client_of([&](UpstreamConnection& c) {
        while (true) {
            auto head = c.receives_head();
            if (head.empty()) break;
            auto at = head.find("Content-Length: ") + 16;
            auto size = std::stoul(head.substr(at));
            c.sends("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                    c.receives(size));
        }
    });

    for (std::size_t size : {0, 1, 8'000, 16'384, 16'385, 100'000, 1'000'000}) {
        std::string body(size, static_cast<char>('a' + size % 26));
        client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                     body);
        EXPECT_THAT(client.receives_head(), HasSubstr("Content-Length: " + std::to_string(size) + "\r\n"))
            << size;
        EXPECT_EQ(client.receives(size), body) << size;
    }
    EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ReverseProxyTest, FramesAChunkedRequestAnew) {
    std::string seen;
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        seen = c.receives_until("0\r\n\r\n");
        c.sends(kOk);
    });

    client.sends(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;drop=me\r\nabc\r\n0\r\nX-Trailer: "
        "1\r\n\r\n");

    EXPECT_THAT(client.receives_until("hello"), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_EQ(seen, "3\r\nabc\r\n0\r\n\r\n");
}

TEST_F(ReverseProxyTest, GivesASmallChunkedAnswerItsLengthAndStreamsALongOne) {
    auto client = client_of(
        {answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
         [](UpstreamConnection& c) {
             c.receives_head();
             c.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
             c.receives_until("never");  // the first piece is on its way before the rest exists
         }});

    client.sends(kGet);
    EXPECT_THAT(client.receives_until("hello"),
                AllOf(HasSubstr("Content-Length: 5\r\n"), Not(HasSubstr("chunked"))));
    client.sends(kGet);
    EXPECT_THAT(client.receives_until("he\r\n"),
                AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"), EndsWith("\r\n\r\n2\r\nhe\r\n")));
}

TEST_F(ReverseProxyTest, PassesWhatHasComeOnBeforeTheRestExists) {
    std::promise<void> seen;
    auto got_it = seen.get_future();
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nsmall, ");
        got_it.wait();
        c.sends("in two\n");
    });

    client.sends(kGet);
    EXPECT_THAT(client.receives_until("small, "), HasSubstr("Content-Length: 14\r\n"));
    seen.set_value();
    EXPECT_EQ(client.receives_until("two\n"), "in two\n");
}

TEST_F(ReverseProxyTest, PassesABodyThatEndsWithTheConnectionAsChunks) {
    auto client = client_of(answers("HTTP/1.1 200 OK\r\n\r\nto the end"));

    client.sends(kGet);

    EXPECT_THAT(client.receives_until("0\r\n\r\n"),
                AllOf(HasSubstr("Transfer-Encoding: chunked"), HasSubstr("to the end")));
}

TEST_F(ReverseProxyTest, SendsNoBodyForHeadNoContentAndNotModified) {
    auto client = client_of([](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
        c.receives_head();
        c.sends("HTTP/1.1 204 No Content\r\n\r\n");
        c.receives_head();
        c.sends("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
        c.receives_head();
    });

    client.sends("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(client.receives_head(), HasSubstr("Content-Length: 500\r\n"));
    client.sends(kGet);
    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 204 "), Not(HasSubstr("Content-Length"))));
    client.sends(kGet);
    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("ETag: \"a\"")));
    EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ReverseProxyTest, PassesEarlyHintsOnAndSwallowsContinue) {
    auto client = client_of(
        answers("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + kOk));

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 103 "), HasSubstr("Link: </a>\r\n")));
    EXPECT_THAT(client.receives_until("hello"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ReverseProxyTest, AnswersBadGatewayForEveryBrokenAnswer) {
    for (std::string broken :
         {"", "HTTP/1.1 200 O", "garbage\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        auto client = client_of(answers(broken));
        client.sends(kGet);
        EXPECT_THAT(client.receives_head(),
                    AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("Cache-Control: no-store")))
            << broken;
    }
}

TEST_F(ReverseProxyTest, CutsTheClientOffWhenTheAnswerEndsBeforeItsLength) {
    auto client = client_of(answers("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ntruncated"));

    client.sends(kGet);

    EXPECT_THAT(client.receives_all(),
                AllOf(HasSubstr("Content-Length: 50\r\n"), EndsWith("\r\n\r\ntruncated")));
}

TEST_F(ReverseProxyTest, CutsTheClientOffWhenTheAnswerBreaksAfterItBegan) {
    for (std::string end : {"", "5\r\nhello", "xyz\r\n"}) {
        auto client = client_of([&](UpstreamConnection& c) {
            c.receives_head();
            c.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + end);
        });
        client.sends(kGet);
        EXPECT_THAT(client.receives_all(), AllOf(HasSubstr("abc"), Not(HasSubstr("0\r\n\r\n")))) << end;
    }
}

TEST_F(ReverseProxyTest, AnswersBadGatewayWhenNobodyListens) {
    to_.origin = {"127.0.0.1", ScriptedUpstream(always(kOk)).port(), false};
    auto client = start();

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(ReverseProxyTest, AnswersGatewayTimeoutForASilentUpstreamAndClosesIt) {
    options_.head_timeout = 1ms;
    auto client = client_of([](UpstreamConnection& c) {
        c.receives_head();
        EXPECT_TRUE(c.sees_close());
    });

    client.sends(kGet);

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 504 "));
}

TEST_F(ReverseProxyTest, ShedsWithRetryAfterWhenTooManyAreUnderWay) {
    options_.max_in_use = 1;
    options_.max_queued = 0;
    std::promise<void> arrived;
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        arrived.set_value();
        c.sees_close();
    });
    client.sends(kGet);
    arrived.get_future().wait();
    RawClient second(server_->port());

    second.sends(kGet);

    EXPECT_THAT(second.receives_head(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n")));
}

TEST_F(ReverseProxyTest, RepeatsAGetOnAStaleConnectionButNotAPost) {
    Script stale = [](UpstreamConnection& c) {
        c.receives_head();
        c.sends(kOk);
        c.receives_head();
    };
    {
        auto client = client_of({stale, always(kOk)});
        client.sends(kGet);
        client.receives_until("hello");
        client.sends(kGet);
        EXPECT_THAT(client.receives_until("hello"), StartsWith("HTTP/1.1 200 OK"));
        EXPECT_EQ(upstream_->connections(), 2);
    }
    auto client = client_of({stale, always(kOk)});
    client.sends(kGet);
    client.receives_until("hello");
    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 502 "));
    EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ReverseProxyTest, RepeatsAPostWhoseReceiverDropsDuplicates) {
    rules_.repeat_posts = true;
    std::string body;
    auto client = client_of({[](UpstreamConnection& c) {
                                 c.receives_head();
                                 c.sends(kOk);
                                 c.receives_head();
                             },
                             [&](UpstreamConnection& c) {
                                 c.receives_head();
                                 body = c.receives(5);
                                 c.sends(kOk);
                             }});
    client.sends(kGet);
    client.receives_until("hello");

    client.sends("POST /e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nevent");

    EXPECT_THAT(client.receives_until("hello"), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_EQ(body, "event");
}

TEST_F(ReverseProxyTest, PassesAnEarlyAnswerOnAndEndsBothConnections) {
    std::promise<bool> upstream_closed;
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        upstream_closed.set_value(c.sees_close());
    });

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nonly a little");

    EXPECT_THAT(client.receives_until("big"),
                AllOf(StartsWith("HTTP/1.1 413 Too Large"), HasSubstr("Connection: close\r\n")));
    EXPECT_TRUE(client.sees_close());
    EXPECT_TRUE(upstream_closed.get_future().get());
    EXPECT_EQ(idle(), 0u);
}

TEST_F(ReverseProxyTest, RefusesABodyThatGrowsPastTheLimitAndCutsTheUpstreamOff) {
    std::promise<bool> whole;
    auto client = client_of([&](UpstreamConnection& c) {
        whole.set_value(c.receives_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
    });
    client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";

    for (int i = 0; i < 17; ++i) client.sends(chunk);

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 413 "));
    EXPECT_FALSE(whole.get_future().get());
}

TEST_F(ReverseProxyTest, AbortsTheUpstreamWhenTheClientLeaves) {
    std::promise<void> arrived;
    std::promise<bool> aborted;
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        arrived.set_value();
        aborted.set_value(c.sees_close());
    });

    client.sends(kGet);
    arrived.get_future().wait();
    client.close();

    EXPECT_TRUE(aborted.get_future().get());
}

TEST_F(ReverseProxyTest, FinishesACaptureWhoseClientLeft) {
    rules_.finish_without_client = true;
    std::promise<void> arrived, left;
    auto may_answer = left.get_future();
    auto client = client_of([&](UpstreamConnection& c) {
        c.receives_head();
        arrived.set_value();
        may_answer.wait();
        c.sends(kOk);
        c.receives_head();
    });
    client.sends("POST /e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nevent");
    arrived.get_future().wait();
    client.resets();
    left.set_value();

    for (int i = 0; i < 2000 && idle() == 0; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(idle(), 1u);  // the answer was read to its end
}

TEST_F(ReverseProxyTest, AnswersLoopDetected) {
    rules_.headers.via = "seance-edge";
    auto client = client_of(always(kOk));

    client.sends("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 seance-edge\r\n\r\n");

    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 508 "));
}

TEST_F(ReverseProxyTest, WaitsForAServiceThatIsStarting) {
    to_.origin = {"127.0.0.1", ScriptedUpstream(always(kOk)).port(), false};
    rules_.wait_for_start = 10ms;
    auto client = start();

    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(client.receives_head(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1")));
    RawClient second(server_->port());
    second.sends(kGet);
    EXPECT_THAT(second.receives_head(), StartsWith("HTTP/1.1 502 "));
}

namespace {
const std::string kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
}

TEST_F(ReverseProxyTest, TunnelsAWebSocketAndHoldsEarlyBytesUntilTheUpstreamAgrees) {
    std::string head, early;
    auto client = client_of([&](UpstreamConnection& c) {
        head = c.receives_head();
        c.patience_ms = 40;
        early = c.receives(1);  // nothing may come before the 101
        c.patience_ms = 5000;
        c.sends(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\nSec-WebSocket-Accept: z\r\n\r\nfirst");
        EXPECT_EQ(c.receives(5), "early");
        c.sends("pong");
        EXPECT_TRUE(c.sees_close());  // the client's half-close
        c.sends("last");
    });

    client.sends(kUpgrade + "early");

    EXPECT_THAT(client.receives_head(),
                AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("Sec-WebSocket-Accept: z\r\n"),
                      HasSubstr("Connection: Upgrade\r\nUpgrade: websocket\r\n")));
    EXPECT_EQ(client.receives_until("pong"), "firstpong");
    client.half_closes();
    EXPECT_EQ(client.receives_all(), "last");
    EXPECT_EQ(early, "");
    EXPECT_THAT(head, AllOf(HasSubstr("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
                            HasSubstr("Sec-WebSocket-Key: k\r\n")));
}

TEST_F(ReverseProxyTest, PassesARefusedUpgradeOnAsAnAnswerAndCloses) {
    auto client = client_of(answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));

    client.sends(kUpgrade + "held bytes");

    EXPECT_THAT(client.receives_until("\r\n\r\nno"),
                AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("Connection: close\r\n")));
}

TEST_F(ReverseProxyTest, EndsATunnelInWhichNothingMoves) {
    rules_.tunnel_idle = 1ms;
    auto client = client_of([](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        EXPECT_TRUE(c.sees_close());
    });

    client.sends(kUpgrade);
    client.receives_head();

    EXPECT_TRUE(client.sees_close());
}

TEST_F(ReverseProxyTest, ServesManyClientsOfWhichSomeLeaveInTheMiddle) {
    const std::string large(100'000, 'b');
    client_of([large](UpstreamConnection& c) {        // a copy: the upstream outlives this function
        for (int served = 0; served < 7; ++served) {  // then ends, so that stale connections are met too
            auto head = c.receives_head();
            if (head.empty()) return;
            if (head.starts_with("GET /large"))
                c.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + large +
                        "\r\n0\r\n\r\n");
            else
                c.sends(kOk);
        }
    });
    std::atomic<int> good{0}, asked{0};

    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&, i] {
            for (int round = 0; round < 15; ++round) {
                RawClient client(server_->port());
                for (int n = 0; n < 3; ++n) {
                    ++asked;
                    client.sends(kGet);
                    if (client.receives_until("hello").starts_with("HTTP/1.1 200")) ++good;
                }
                client.sends("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
                if ((round + i) % 3 == 0) client.receives(1000);
                client.resets();
            }
        });
    for (auto& one : clients) one.join();

    EXPECT_EQ(good, asked);
    RawClient last(server_->port());
    last.sends("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(last.receives_until("0\r\n\r\n").size() > large.size(), true);
}

}  // namespace seance::proxy
