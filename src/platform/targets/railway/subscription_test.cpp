#include "platform/targets/railway/subscription.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/scripted_websocket.hpp"

namespace seance::railway {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using Why = SubscriptionEnd::Why;

constexpr std::string_view kAck = R"({"type":"connection_ack"})";

struct Seen {
    std::vector<std::string> values;
    SubscriptionEnd end;
};

Awaitable<void> follow(Graphql& graphql, SubscriptionOptions options, std::size_t stop_after, Seen& seen) {
    auto query = document(Subscription::DeploymentLogs);
    boost::json::object variables;
    variables["id"] = "d";
    auto opened = co_await SubscriptionStream::open(graphql, std::move(query), std::move(variables), options);
    if (!opened) {
        seen.end = opened.error();
        co_return;
    }
    auto stream = std::move(*opened);
    while (true) {
        auto data = co_await stream->next();
        if (!data) {
            seen.end = data.error();
            co_return;
        }
        seen.values.push_back(boost::json::serialize(*data));
        if (seen.values.size() == stop_after) stream->stop();
    }
}

struct SubscriptionTest : testing::Test {
    Seen seen(ScriptedUpstream::Script script, std::size_t stop_after = 1000) {
        ScriptedUpstream server(std::move(script));
        GraphqlOptions options;
        options.endpoint = "http://127.0.0.1:" + std::to_string(server.port()) + "/graphql/v2";
        Graphql graphql(loop, {TokenKind::Project, SecretText("project-token")}, options);
        SubscriptionOptions subscription;
        subscription.connect_timeout = 300ms;
        Seen out;
        run(loop, follow(graphql, subscription, stop_after, out));
        return out;
    }
    Loop loop;
};

// As a server does it, up to the subscription; gives what the client subscribed to.
boost::json::value accept_subscription(ScriptedWebSocket& socket) {
    socket.accepts("graphql-transport-ws");
    EXPECT_EQ(socket.receives(), R"({"type":"connection_init"})");
    socket.sends(kAck);
    boost::system::error_code error;
    return boost::json::parse(socket.receives(), error);
}

std::string next(int n) {
    return R"({"id":"1","type":"next","payload":{"data":{"n":)" + std::to_string(n) + "}}}";
}

TEST_F(SubscriptionTest, IntroducesItselfSubscribesAndGivesWhatComes) {
    auto out = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        auto head = socket.accepts("graphql-transport-ws");
        EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Protocol: graphql-transport-ws\r\n"));
        EXPECT_THAT(head, HasSubstr("Project-Access-Token: project-token\r\n"));
        EXPECT_THAT(head, HasSubstr("GET /graphql/v2?source=seance"));
        socket.receives();
        socket.sends(kAck);
        boost::system::error_code error;
        auto subscribe = boost::json::parse(socket.receives(), error);
        EXPECT_EQ(subscribe.at("type"), "subscribe");
        EXPECT_EQ(subscribe.at("payload").at("variables").at("id"), "d");
        socket.sends(next(1));
        socket.sends(next(2));
        socket.sends(R"({"id":"1","type":"complete"})");
        socket.receives();
        EXPECT_EQ(socket.closed_with(), 1000);
    });

    EXPECT_THAT(out.values, ElementsAre(R"({"n":1})", R"({"n":2})"));
    EXPECT_EQ(out.end.why, Why::Completed);
}

TEST_F(SubscriptionTest, AnswersPingsAtOnceAlsoBeforeTheAcknowledgement) {
    auto out = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        socket.accepts("graphql-transport-ws");
        socket.receives();
        socket.sends(R"({"type":"ping"})");
        EXPECT_EQ(socket.receives(), R"({"type":"pong"})");
        socket.sends(kAck);
        socket.receives();
        socket.sends(R"({"type":"ping","payload":{}})");
        EXPECT_EQ(socket.receives(), R"({"type":"pong"})");
        socket.sends(R"({"type":"pong"})");
        socket.sends(R"({"id":"1","type":"complete"})");
    });

    EXPECT_EQ(out.end.why, Why::Completed);
}

TEST_F(SubscriptionTest, TellsTheServerWhenNoMoreIsWanted) {
    auto out = seen(
        [](UpstreamConnection& connection) {
            ScriptedWebSocket socket(connection);
            accept_subscription(socket);
            socket.sends(next(1));
            EXPECT_EQ(socket.receives(), R"({"id":"1","type":"complete"})");
            socket.receives();
            socket.closes(1000);
        },
        1);

    EXPECT_EQ(out.values.size(), 1u);
    EXPECT_EQ(out.end.why, Why::Lost);
}

TEST_F(SubscriptionTest, TakesAnErrorForFinalUnlessItPasses) {
    auto with = [&](std::string message) {
        return seen([message](UpstreamConnection& connection) {
                   ScriptedWebSocket socket(connection);
                   accept_subscription(socket);
                   socket.sends(R"({"id":"1","type":"error","payload":[{"message":")" + message + R"("}]})");
                   socket.receives();
               })
            .end;
    };

    auto refused = with("Not Authorized"), passing = with("Problem processing request");

    EXPECT_EQ(refused.why, Why::Refused);
    EXPECT_EQ(refused.failure.kind, FailureKind::Auth);
    EXPECT_EQ(passing.why, Why::Lost);
}

TEST_F(SubscriptionTest, TakesErrorsInsideAPayloadForErrors) {
    auto out = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        accept_subscription(socket);
        socket.sends(
            R"({"id":"1","type":"next","payload":{"errors":[{"message":"Deployment not found"}],"data":null}})");
        socket.receives();
    });

    EXPECT_EQ(out.end.why, Why::Refused);
    EXPECT_EQ(out.end.failure.kind, FailureKind::NotFound);
}

TEST_F(SubscriptionTest, MakesASentenceOfACloseCode) {
    auto closed = [&](std::uint16_t code) {
        return seen([code](UpstreamConnection& connection) {
                   ScriptedWebSocket socket(connection);
                   accept_subscription(socket);
                   socket.closes(code, "because");
                   socket.receives();
               })
            .end;
    };

    EXPECT_EQ(closed(4401).why, Why::Refused);
    EXPECT_EQ(closed(4403).failure.kind, FailureKind::Auth);
    EXPECT_THAT(closed(4403).failure.what, HasSubstr("no access"));
    EXPECT_EQ(closed(4400).why, Why::Refused);
    EXPECT_EQ(closed(1001).why, Why::Lost);
    EXPECT_EQ(closed(4408).why, Why::Lost);
    EXPECT_THAT(closed(1001).failure.what, HasSubstr("1001: because"));
}

TEST_F(SubscriptionTest, IsLostWhenTheConnectionIsCutAtAnyPoint) {
    auto cut_after = [&](int messages) {
        return seen([messages](UpstreamConnection& connection) {
            ScriptedWebSocket socket(connection);
            socket.accepts("graphql-transport-ws");
            for (int i = 0; i < messages; ++i) {
                socket.receives();
                if (i == 0) socket.sends(kAck);
            }
            if (messages == 2) socket.sends(next(1));
        });
    };

    for (int messages : {0, 1, 2}) {
        auto out = cut_after(messages);
        EXPECT_EQ(out.end.why, Why::Lost) << messages;
        EXPECT_EQ(out.values.size(), messages == 2 ? 1u : 0u);
    }
}

TEST_F(SubscriptionTest, CannotConnectWhereNobodySpeaksTheProtocol) {
    auto page = seen(always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    auto other = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        socket.accepts();
        socket.receives();
    });
    auto silent = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        socket.accepts("graphql-transport-ws");
        connection.sees_close();
    });

    for (const auto& out : {page, other, silent})
        EXPECT_EQ(out.end.why, Why::CannotConnect) << out.end.failure.what;
    EXPECT_THAT(other.end.failure.what, HasSubstr("subprotocol"));
}

TEST_F(SubscriptionTest, GivesUpOnAPeerThatTalksNonsense) {
    for (std::string text : {"not json", "[]", "7"}) {
        auto out = seen([text](UpstreamConnection& connection) {
            ScriptedWebSocket socket(connection);
            accept_subscription(socket);
            socket.sends(text);
            socket.receives();
            EXPECT_EQ(socket.closed_with(), 4400);
        });
        EXPECT_EQ(out.end.why, Why::Lost);
    }
}

TEST_F(SubscriptionTest, LooksPastWhatIsNotAboutIt) {
    auto out = seen([](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        accept_subscription(socket);
        socket.sends(R"({"id":"2","type":"next","payload":{"data":{"n":9}}})");
        socket.sends(R"({"type":"a_later_version"})");
        socket.sends(R"({"id":"1","type":"next"})");
        socket.sends(next(1));
        socket.sends(R"({"id":"1","type":"complete"})");
        socket.receives();
    });

    EXPECT_THAT(out.values, ElementsAre(R"({"n":1})"));
}

}  // namespace
}  // namespace seance::railway
