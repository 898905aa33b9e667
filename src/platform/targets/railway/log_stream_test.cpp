#include "platform/targets/railway/log_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/scripted_api.hpp"
#include "tests/support/scripted_websocket.hpp"

namespace seance::railway {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using Messages = std::vector<std::string>;

std::string log_line(int second, std::string_view message) {
    return R"({"timestamp":"2026-08-21T10:00:0)" + std::to_string(second) + R"(.000000000Z","message":")" +
           std::string(message) + R"("})";
}

std::string batch(std::string_view field, std::string_view lines) {
    return R"({"id":"1","type":"next","payload":{"data":{")" + std::string(field) + "\":[" +
           std::string(lines) + "]}}}";
}

boost::json::value subscribed(ScriptedWebSocket& socket) {
    socket.accepts("graphql-transport-ws");
    socket.receives();
    socket.sends(R"({"type":"connection_ack"})");
    boost::system::error_code error;
    return boost::json::parse(socket.receives(), error).at("payload").at("variables");
}

Awaitable<void> read_lines(LogStream& log, std::size_t count, Messages& out,
                           std::optional<Failure>& failure) {
    while (out.size() < count) {
        auto lines = co_await log.next();
        if (!lines) {
            failure = lines.error();
            co_return;
        }
        for (const auto& line : *lines) out.push_back(line.message);
        if (log.completed()) co_return;
    }
}

struct LogStreamTest : testing::Test {
    // The first `count` lines of what the scripts serve, one connection each.
    Messages read(std::vector<ScriptedUpstream::Script> scripts, LogStream::Source source,
                  std::size_t count) {
        ScriptedUpstream server(std::move(scripts));
        GraphqlOptions options;
        options.endpoint = "http://127.0.0.1:" + std::to_string(server.port()) + "/graphql/v2";
        options.retry.backoff_scale = 0;
        Graphql graphql(loop, {TokenKind::Project, SecretText("t")}, options);
        Api api(graphql);
        stream_options.backoff_scale = 0;
        stream_options.on_note = [this](std::string_view note) { notes.emplace_back(note); };
        LogStream log(api, source, "id", stream_options);
        Messages out;
        run(loop, read_lines(log, count, out, failure));
        return out;
    }
    Loop loop;
    LogStreamOptions stream_options;
    std::optional<Failure> failure;
    std::vector<std::string> notes;
};

TEST_F(LogStreamTest, LosesAndRepeatsNothingOverACutConnection) {
    auto first = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        auto variables = subscribed(socket);
        EXPECT_EQ(variables.at("limit"), 100);
        EXPECT_EQ(variables.at("filter"), "");
        socket.sends(batch("environmentLogs", log_line(1, "a") + "," + log_line(2, "b")));
    };
    auto second = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        auto variables = subscribed(socket);
        EXPECT_EQ(variables.at("limit"), 5000);
        socket.sends(
            batch("environmentLogs", log_line(1, "a") + "," + log_line(2, "b") + "," + log_line(2, "b2")));
        socket.sends(batch("environmentLogs", log_line(3, "c")));
        socket.receives();
    };

    EXPECT_THAT(read({first, second}, LogStream::Source::Environment, 4), ElementsAre("a", "b", "b2", "c"));
    EXPECT_THAT(notes, ElementsAre(HasSubstr("reconnecting"), ""));
}

TEST_F(LogStreamTest, EndsABuildsLogWhenTheServerHasNoMore) {
    auto script = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(batch("buildLogs", log_line(1, "a")));
        socket.sends(R"({"id":"1","type":"complete"})");
        socket.receives();
    };

    EXPECT_THAT(read({script}, LogStream::Source::Build, 100), ElementsAre("a"));
    EXPECT_FALSE(failure);
}

TEST_F(LogStreamTest, AsksTheDeploymentWhetherItHasEndedWhenItsLogEnds) {
    auto ending = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(batch("deploymentLogs", log_line(1, "a")));
        socket.sends(R"({"id":"1","type":"complete"})");
        socket.receives();
    };
    auto running = always(json_answer(R"({"data":{"deployment":{"id":"id","status":"SUCCESS"}}})"));
    auto more = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(batch("deploymentLogs", log_line(1, "a") + "," + log_line(2, "b")));
        socket.sends(R"({"id":"1","type":"complete"})");
        socket.receives();
    };

    // The second question goes over the connection of the first, where the deployment is still said to run:
    // so the log goes on, and a third connection gives nothing new but the line that is waited for.
    auto last = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(batch("deploymentLogs", log_line(3, "c")));
        socket.receives();
    };
    EXPECT_THAT(read({ending, running, more, last}, LogStream::Source::Deployment, 3),
                ElementsAre("a", "b", "c"));
}

TEST_F(LogStreamTest, PollsWhereNoWebSocketCanBeOpened) {
    auto refuses = [](UpstreamConnection& connection) {
        connection.receives_head();
        connection.sends("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    };
    auto answers = [](UpstreamConnection& connection) {
        std::vector<std::string> pages{log_line(1, "a") + "," + log_line(2, "b"),
                                       log_line(2, "b") + "," + log_line(2, "b2"),
                                       log_line(2, "b") + "," + log_line(2, "b2") + "," + log_line(3, "c")};
        for (const auto& page : pages) {
            auto head = connection.receives_head();
            auto at = head.find("Content-Length: ");
            if (at == std::string::npos) return;
            connection.receives(std::stoul(head.substr(at + 16)));
            connection.sends(json_answer(R"({"data":{"deploymentLogs":[)" + page + "]}}"));
        }
    };

    EXPECT_THAT(read({refuses, answers}, LogStream::Source::Deployment, 4), ElementsAre("a", "b", "b2", "c"));
    EXPECT_THAT(notes, ElementsAre(HasSubstr("polling every 5s")));
}

TEST_F(LogStreamTest, EndsWithARefusalButNotWithAFaultThatPasses) {
    auto refused = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(R"({"id":"1","type":"error","payload":[{"message":"Deployment not found"}]})");
        socket.receives();
    };
    auto passing = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(R"({"id":"1","type":"error","payload":[{"message":"Problem processing request"}]})");
        socket.receives();
    };

    EXPECT_THAT(read({passing, refused}, LogStream::Source::Deployment, 1), ElementsAre());
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind, FailureKind::NotFound);
}

TEST_F(LogStreamTest, DropsWhatIsOlderThanAskedFor) {
    stream_options.since = "2026-08-21T10:00:02Z";
    auto script = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(batch("deploymentLogs", log_line(1, "a") + "," + log_line(2, "b")));
        socket.receives();
    };

    EXPECT_THAT(read({script}, LogStream::Source::Deployment, 1), ElementsAre("b"));
}

TEST_F(LogStreamTest, FollowsRequestsToo) {
    auto script = [](UpstreamConnection& connection) {
        ScriptedWebSocket socket(connection);
        subscribed(socket);
        socket.sends(
            batch("httpLogs", R"({"timestamp":"2026-08-21T10:00:01Z","method":"GET","path":"/up","host":"a.b",
            "httpStatus":200,"totalDuration":3})"));
        socket.receives();
    };

    EXPECT_THAT(read({script}, LogStream::Source::Http, 1), ElementsAre("GET a.b/up 200 3 ms"));
}

}  // namespace
}  // namespace seance::railway
