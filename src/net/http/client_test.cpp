#include "net/http/client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <optional>

#include "net/http/connection_pool.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/tls_front.hpp"

namespace seance::http {
namespace {

using namespace std::chrono_literals;
using testing_support::always;
using testing_support::LoopThread;
using testing_support::ScriptedUpstream;
using testing_support::SelfSigned;
using testing_support::TlsFront;
using testing_support::UpstreamConnection;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// A client on its own loop; destroyed on that loop.
class ClientFixture : public testing::Test {
  protected:
    void use(ClientOptions options) {
        client_ = thread_.on_loop([&] { return std::make_unique<Client>(thread_.loop(), options); });
    }
    ~ClientFixture() override {
        thread_.on_loop([&] { client_.reset(); });
    }

    Result<WholeResponse> send(std::uint16_t port, Request request = {}, std::uint64_t most = 1 << 20) {
        if (!client_) use({});
        return thread_.await(
            send_on_loop(client_.get(), Origin{"127.0.0.1", port, false}, std::move(request), most));
    }

    Result<WholeResponse> send_to(Origin origin, ClientOptions options) {
        use(std::move(options));
        return thread_.await(send_on_loop(client_.get(), std::move(origin), Request{}, 1 << 20));
    }

    static Awaitable<Result<WholeResponse>> send_on_loop(Client* client, Origin origin, Request request,
                                                         std::uint64_t most) {
        co_return co_await client->send(origin, request, most);
    }

    // A request that is gone by the time its answer is read.
    static Awaitable<Result<std::string>> send_in_steps(Client* client, Origin origin) {
        auto exchange = co_await client->connect(origin);
        if (!exchange) co_return exchange.error();
        auto request = std::make_unique<Request>(post("abc"));
        auto error = co_await exchange->write(origin, *request);
        request.reset();
        if (error) co_return error;
        auto response = co_await exchange->read_head();
        if (!response) co_return response.error();
        co_return co_await response->read_whole_body(1 << 20);
    }

    // The pieces that a body is read in.
    static Awaitable<Result<std::vector<std::string>>> read_pieces(Client* client, Origin origin) {
        auto exchange = co_await client->connect(origin);
        if (!exchange) co_return exchange.error();
        Request request;
        if (auto error = co_await exchange->write(origin, request)) co_return error;
        auto response = co_await exchange->read_head();
        if (!response) co_return response.error();
        std::vector<std::string> pieces;
        while (true) {
            auto piece = co_await response->read_body();
            if (!piece) {
                pieces.push_back(piece.error().message());
                co_return pieces;
            }
            if (piece->empty()) co_return pieces;
            pieces.emplace_back(*piece);
        }
    }

    static Awaitable<error_code> abort_while_waiting(Client* client, Origin origin) {
        auto exchange = co_await client->connect(origin);
        if (!exchange) co_return exchange.error();
        Request request;
        if (auto error = co_await exchange->write(origin, request)) co_return error;
        auto executor = co_await asio::this_coro::executor;
        asio::post(executor, [&exchange] { exchange->abort(); });
        auto response = co_await exchange->read_head();
        co_return response ? error_code() : response.error();
    }

    static Awaitable<error_code> write_in_steps(Client* client, Origin origin, Request request) {
        auto exchange = co_await client->connect(origin);
        if (!exchange) co_return exchange.error();
        co_return co_await exchange->write(origin, request);
    }

    std::size_t idle(std::uint16_t port) {
        return thread_.on_loop([&] { return client_->pool()->idle(Origin{"127.0.0.1", port, false}); });
    }

    static Request get() { return {}; }
    static Request post(std::string body) {
        Request request;
        request.method = "POST";
        request.body = std::move(body);
        return request;
    }

    LoopThread thread_;
    std::unique_ptr<Client> client_;
};

}  // namespace

using ClientTest = ClientFixture;

TEST(ParseUrl, TakesHttpAndHttpsOnly) {
    auto url = parse_url("https://Example.com/a?b=1#c").value();
    EXPECT_EQ(url.origin, (Origin{"example.com", 443, true}));
    EXPECT_EQ(url.target, "/a?b=1");
    EXPECT_EQ(parse_url("http://[::1]:8080").value().origin, (Origin{"::1", 8080, false}));
    EXPECT_EQ(parse_url("http://a?x").value().target, "/?x");
    for (auto bad :
         {"ftp://a/", "http://", "http://user@a/", "http://a:0/", "http://a:65536/", "http://a/ b", "a/b"})
        EXPECT_TRUE(parse_url(bad).has_error()) << bad;
}

TEST(Origin, PrintsItsAuthorityWithoutTheDefaultPort) {
    EXPECT_EQ((Origin{"a.test", 80, false}).authority(), "a.test");
    EXPECT_EQ((Origin{"a.test", 80, true}).authority(), "a.test:80");
    EXPECT_EQ((Origin{"::1", 8080, false}).authority(), "[::1]:8080");
}

TEST_F(ClientTest, SendsOneRequestAfterAnotherOnOneConnection) {
    ScriptedUpstream upstream(always(kOk));

    for (int i = 0; i < 3; ++i) EXPECT_EQ(send(upstream.port()).value().body, "hello");

    EXPECT_EQ(upstream.connections(), 1);
    EXPECT_EQ(idle(upstream.port()), 1u);
}

TEST_F(ClientTest, AddsHostAndContentLength) {
    std::string seen;
    ScriptedUpstream upstream([&](UpstreamConnection& c) {
        seen = c.receives_head();
        seen += c.receives(3);
        c.sends(kOk);
    });

    send(upstream.port(), post("abc")).value();

    EXPECT_EQ(seen, "POST / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(upstream.port()) +
                        "\r\nContent-Length: 3\r\n\r\nabc");
}

TEST_F(ClientTest, GivesChunksThatHaveComeTogetherAsOnePiece) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string bad = error_code(ClientErrc::BadResponse).message();
    using Pieces = std::vector<std::string>;
    const std::vector<std::pair<std::string, Pieces>> cases{
        {"3\r\nabc\r\n4;x=y\r\ndefg\r\n1\r\nh\r\n0\r\n\r\n", {"abcdefgh"}},
        {"1\r\na\r\n0\r\nTrailer: x\r\n\r\n", {"a"}},
        {"2\r\nab\r\n2\r\ncd\r\nzz\r\n", {"abcd", bad}},  // what was good arrives
    };
    use({});
    for (const auto& [body, pieces] : cases) {
        ScriptedUpstream upstream(always(head + body));
        auto seen = thread_.await(read_pieces(client_.get(), {"127.0.0.1", upstream.port(), false}));
        ASSERT_TRUE(seen) << seen.error().message();
        EXPECT_EQ(*seen, pieces) << body;
    }
}

TEST_F(ClientTest, ReadsChunkedBodiesAndBodiesThatEndWithTheConnection) {
    ScriptedUpstream upstream({[](UpstreamConnection& c) {
                                   c.receives_head();
                                   c.sends(
                                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                                   c.sends("2;x=y\r\nde\r\n0\r\n\r\n");
                                   c.receives_head();
                                   c.hangs_up();
                               },
                               [](UpstreamConnection& c) {
                                   c.receives_head();
                                   c.sends("HTTP/1.1 200 OK\r\n\r\nuntil the end");
                               }});

    EXPECT_EQ(send(upstream.port()).value().body, "abcde");
    EXPECT_EQ(send(upstream.port()).value().body, "until the end");
    EXPECT_EQ(idle(upstream.port()), 0u);
}

TEST_F(ClientTest, SwallowsInterimResponsesAndReadsNoBodyWhereThereIsNone) {
    ScriptedUpstream upstream([](UpstreamConnection& c) {
        c.receives_head();
        c.sends(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No "
            "Content\r\n\r\n");
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        c.receives_head();
        c.sends("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
        c.receives_head();
    });
    Request head;
    head.method = "HEAD";

    EXPECT_EQ(send(upstream.port()).value().status, 204);
    EXPECT_EQ(send(upstream.port(), head).value().body, "");
    EXPECT_EQ(send(upstream.port()).value().status, 304);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(ClientTest, RepeatsAGetWhenAReusedConnectionEndsBeforeOneByte) {
    ScriptedUpstream upstream({[](UpstreamConnection& c) {
                                   c.receives_head();
                                   c.sends(kOk);
                                   c.receives_head();  // the second request is taken and never answered
                               },
                               always(kOk)});

    send(upstream.port()).value();
    EXPECT_EQ(send(upstream.port()).value().status, 200);
    EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(ClientTest, NeverRepeatsAPost) {
    ScriptedUpstream upstream({[](UpstreamConnection& c) {
                                   c.receives_head();
                                   c.sends(kOk);
                                   c.receives_head();
                               },
                               always(kOk)});

    send(upstream.port()).value();
    EXPECT_EQ(send(upstream.port(), post("x")).error(), asio::error::eof);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(ClientTest, ReadsTheAnswerToARequestThatIsGone) {
    std::string seen;
    ScriptedUpstream upstream([&](UpstreamConnection& c) {
        c.receives_head();
        seen = c.receives(3);
        c.sends(kOk);
    });
    use({});

    auto body = thread_.await(send_in_steps(client_.get(), Origin{"127.0.0.1", upstream.port(), false}));

    EXPECT_EQ(body.value(), "hello");
    EXPECT_EQ(seen, "abc");
}

TEST_F(ClientTest, EndsAWaitForTheHeadThatIsAborted) {
    ScriptedUpstream upstream([](UpstreamConnection& c) { EXPECT_TRUE(c.sees_close()); });
    use({});

    EXPECT_TRUE(
        thread_.await(abort_while_waiting(client_.get(), Origin{"127.0.0.1", upstream.port(), false})));
    EXPECT_EQ(idle(upstream.port()), 0u);
}

TEST_F(ClientTest, IsReadyOnlyWhereAConnectionIsIdle) {
    ScriptedUpstream upstream(always(kOk));
    Origin origin{"127.0.0.1", upstream.port(), false};
    use({});
    auto is_ready = [&] { return thread_.on_loop([&] { return client_->ready(origin).has_value(); }); };

    EXPECT_FALSE(is_ready());
    send(upstream.port()).value();
    EXPECT_TRUE(is_ready());
    EXPECT_FALSE(is_ready());  // what was ready and not used is closed
    EXPECT_EQ(send(upstream.port()).value().body, "hello");
}

TEST_F(ClientTest, ClosesAnIdleConnectionThatBecomesReadable) {
    ScriptedUpstream upstream({[](UpstreamConnection& c) {
                                   c.receives_head();
                                   c.sends(kOk);
                                   c.sends("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
                                   EXPECT_TRUE(c.sees_close());
                               },
                               always(kOk)});

    send(upstream.port()).value();
    for (int i = 0; i < 500 && idle(upstream.port()) > 0; ++i) std::this_thread::sleep_for(1ms);

    EXPECT_EQ(idle(upstream.port()), 0u);
    EXPECT_EQ(send(upstream.port()).value().body, "hello");
}

// A loop with more streams than it can carry would offer a connection that is long gone.
TEST_F(ClientTest, KnowsThatAnIdleConnectionIsGoneBeforeItServesThoseThatGiveWay) {
    std::promise<void> hang_up, gone;
    ScriptedUpstream upstream([&](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
        hang_up.get_future().wait_for(5s);
        c.hangs_up();
        gone.set_value();
    });
    const Origin origin{"127.0.0.1", upstream.port(), false};
    use({});
    thread_.await(read_pieces(client_.get(), origin)).value();
    ASSERT_EQ(idle(upstream.port()), 1u);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    std::optional<stream::TcpSocket> patient;
    std::promise<std::size_t> left;
    char byte;

    thread_.on_loop([&] {
        patient.emplace(thread_.loop().executor(), ends[0]);
        patient->give_way(true);
        patient->async_read_some(asio::buffer(&byte, 1), [&](error_code, std::size_t) {
            left.set_value(client_->pool()->idle(origin));
        });
        EXPECT_EQ(::write(ends[1], "x", 1), 1);
        hang_up.set_value();
        gone.get_future().wait();
    });

    EXPECT_EQ(left.get_future().get(), 0u);
    thread_.on_loop([&] { patient.reset(); });
    ::close(ends[1]);
}

TEST_F(ClientTest, RefusesResponsesThatBreakTheRules) {
    for (std::string bad :
         {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"}) {
        ScriptedUpstream upstream([&](UpstreamConnection& c) {
            c.receives_head();
            c.sends(bad);
        });
        EXPECT_EQ(send(upstream.port()).error(), ClientErrc::BadResponse) << bad;
    }
    ScriptedUpstream upstream([&](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    });
    EXPECT_EQ(send(upstream.port()).error(), ClientErrc::BadResponse);
}

TEST_F(ClientTest, ReportsTruncationAtEachStep) {
    for (std::string part : {"HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        ScriptedUpstream upstream([&](UpstreamConnection& c) {
            c.receives_head();
            c.sends(part);
        });
        EXPECT_EQ(send(upstream.port()).error(), ClientErrc::Truncated) << part;
    }
    ScriptedUpstream silent([](UpstreamConnection& c) { c.receives_head(); });
    EXPECT_EQ(send(silent.port()).error(), asio::error::eof);
}

TEST_F(ClientTest, GivesUpOnASlowHeadAndASlowBody) {
    ClientOptions options;
    options.head_timeout = options.body_timeout = 1ms;
    use(options);
    ScriptedUpstream no_head(
        [](UpstreamConnection& c) { EXPECT_TRUE(c.receives_head().empty() || c.sees_close()); });
    ScriptedUpstream no_body([](UpstreamConnection& c) {
        c.receives_head();
        c.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        EXPECT_TRUE(c.sees_close());
    });

    EXPECT_EQ(send(no_head.port()).error(), asio::error::timed_out);
    EXPECT_EQ(send(no_body.port()).error(), asio::error::timed_out);
}

TEST_F(ClientTest, RefusesABodyOverTheCallersLimit) {
    ScriptedUpstream upstream(
        always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));

    EXPECT_EQ(send(upstream.port(), get(), 4).error(), ClientErrc::BodyTooLarge);
    EXPECT_EQ(send(upstream.port(), get(), 5).value().body, "hello");
}

TEST_F(ClientTest, ReadsHeadsLargerThanItsBufferAndNoneOver32KiB) {
    std::string large =
        "HTTP/1.1 200 OK\r\nX-Pad: " + std::string(30'000, 'x') + "\r\nContent-Length: 5\r\n\r\nhello";
    std::string too_large =
        "HTTP/1.1 200 OK\r\nX-Pad: " + std::string(33'000, 'x') + "\r\nContent-Length: 5\r\n\r\nhello";
    ScriptedUpstream upstream(always(large)), beyond(always(too_large));

    auto response = send(upstream.port());
    ASSERT_TRUE(response.has_value()) << response.error().message();
    EXPECT_EQ(response->fields.get("x-pad").size(), 30'000u);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(send(beyond.port()).error(), ClientErrc::BadResponse);
}

TEST_F(ClientTest, KeepsALargeHeadGoodWhileALongBodyIsRead) {
    std::string head =
        "HTTP/1.1 200 OK\r\nX-Pad: " + std::string(14'000, 'x') + "\r\nContent-Length: 200000\r\n\r\n";
    ScriptedUpstream upstream(always(head + std::string(200'000, 'b')));

    auto response = send(upstream.port());

    ASSERT_TRUE(response.has_value()) << response.error().message();
    EXPECT_EQ(response->body, std::string(200'000, 'b'));
}

TEST_F(ClientTest, AnswersFromTheQueueWhenAConnectionBecomesFreeAndRefusesBeyondIt) {
    ClientOptions options;
    options.max_in_use = 1;
    options.max_queued = 1;
    use(options);
    std::promise<void> go;
    auto gate = go.get_future().share();
    ScriptedUpstream upstream([&](UpstreamConnection& c) {
        while (!c.receives_head().empty()) {
            gate.wait();
            c.sends(kOk);
        }
    });
    auto body = [](Client* client, Origin origin,
                   std::promise<void>* gate_opener) -> Awaitable<std::vector<error_code>> {
        std::vector<error_code> ends(3);
        Signal ended(co_await asio::this_coro::executor);
        int left = 3;
        auto one = [](Client* c, Origin o, error_code* end, int* remaining, Signal* signal,
                      std::promise<void>* opener, bool opens) -> Awaitable<void> {
            Request request;
            auto response = co_await c->send(o, request);
            if (!response) *end = response.error();
            if (opens) opener->set_value();  // the refused one lets the others go
            if (--*remaining == 0) signal->notify();
        };
        for (std::size_t i = 0; i < 3; ++i)
            asio::co_spawn(co_await asio::this_coro::executor,
                           one(client, origin, &ends[i], &left, &ended, gate_opener, i == 2), asio::detached);
        co_await ended.wait();
        co_return ends;
    };

    auto ends = thread_.await(body(client_.get(), Origin{"127.0.0.1", upstream.port(), false}, &go));

    EXPECT_FALSE(ends[0]);
    EXPECT_FALSE(ends[1]);
    EXPECT_EQ(ends[2], ClientErrc::PoolExhausted);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(ClientTest, RefusesToSendARequestThatWouldSmuggleAnother) {
    ScriptedUpstream upstream(always(kOk));
    Request request;
    request.target = "/ HTTP/1.1\r\nX: y";

    EXPECT_EQ(send(upstream.port(), request).error(), boost::system::errc::invalid_argument);
    Origin origin{"127.0.0.1", upstream.port(), false};
    EXPECT_EQ(thread_.await(write_in_steps(client_.get(), origin, request)),
              boost::system::errc::invalid_argument);
}

TEST_F(ClientTest, ReportsRefusedConnectionsAndUnknownNames) {
    std::uint16_t port = ScriptedUpstream(always(kOk)).port();

    EXPECT_EQ(send(port).error(), asio::error::connection_refused);
}

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(ClientTest, BelievesTheCertificatesThatItIsGivenAsText) {
    ScriptedUpstream upstream(always(kOk));
    TlsFront front(upstream.port());
    Origin origin{"localhost", front.port(), true};
    SelfSigned other;
    ClientOptions options;

    EXPECT_EQ(send_to(origin, options).error(), ClientErrc::TlsFailed);
    options.ca_certificates = text_of(other.certificate_file());
    EXPECT_EQ(send_to(origin, options).error(), ClientErrc::TlsFailed);
    options.ca_certificates = "no certificate";
    EXPECT_EQ(send_to(origin, options).error(), ClientErrc::TlsFailed);
    options.ca_certificates = text_of(front.ca_file());
    EXPECT_EQ(send_to(origin, options).value().body, "hello");
}

TEST_F(ClientTest, AsksForTheNameOfACertificateUnlessItVerifiesNothing) {
    ScriptedUpstream upstream(always(kOk));
    TlsFront front(upstream.port());
    Origin by_address{"127.0.0.1", front.port(), true};  // the certificate is good for localhost
    ClientOptions options;

    options.ca_file = front.ca_file();
    EXPECT_EQ(send_to(by_address, options).error(), ClientErrc::TlsFailed);
    options.verify_certificates = false;
    EXPECT_EQ(send_to(by_address, options).value().body, "hello");
}

TEST_F(ClientTest, PassesOverAddressesOfIpv6WhenOnlyIpv4IsAllowed) {
    ScriptedUpstream upstream(always(kOk));
    ClientOptions options;
    options.ipv4_only = true;

    EXPECT_EQ(send_to({"::1", upstream.port(), false}, options).error(), ClientErrc::NoIpv4Address);
    EXPECT_EQ(send_to({"localhost", upstream.port(), false}, options).value().body, "hello");
}

}  // namespace seance::http
