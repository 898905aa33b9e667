// The built program over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"

namespace seance::signaling {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing_support::get;
using testing_support::masked;
using testing_support::Peer;
using testing_support::plain;
using testing_support::Program;
using testing_support::relayed;
using websocket::Opcode;

}  // namespace

TEST(SignalingProgram, RelaysAPublishToEveryMemberOfTheRoomByteForByte) {
    Program program;
    Peer ann(program.port()), bob(program.port()), eve(program.port());
    ann.joins("room");
    bob.joins("room");
    eve.joins("other");

    ann.says(R"({"type":"publish", "topic":"room","data":"\u00e9 1.0e0"})");

    auto relayed = plain(R"({"type":"publish", "topic":"room","data":"\u00e9 1.0e0","clients":2})");
    EXPECT_EQ(ann.hears(), relayed);
    EXPECT_EQ(bob.hears(), relayed);
    EXPECT_EQ(eve.hears(), "");
}

TEST(SignalingProgram, RelaysWhatArrivesOneByteAtATime) {
    Program program;
    Peer ann(program.port());
    ann.joins("r");

    for (char byte : masked(Opcode::Text, R"({"type":"publish","topic":"r"})")) ann.sends({&byte, 1});

    EXPECT_EQ(ann.hears(), plain(R"({"type":"publish","topic":"r","clients":1})"));
}

TEST(SignalingProgram, CountsOutWhoLeavesOrHangsUp) {
    Program program;
    Peer ann(program.port()), bob(program.port());
    auto eve = std::make_unique<Peer>(program.port());
    ann.joins("r");
    bob.joins("r");
    eve->joins("r");

    bob.says(R"({"type":"unsubscribe","topics":["r"]})");
    bob.hears();
    eve->sends(masked(Opcode::Close, ""));
    EXPECT_TRUE(eve->receives_all().starts_with("\x88"));
    ann.says(R"({"type":"publish","topic":"r"})");

    EXPECT_EQ(ann.hears(), plain(R"({"type":"publish","topic":"r","clients":1})"));
}

TEST(SignalingProgram, ClosesTheConnectionOfABadMessageAndNoOther) {
    Program program(
        Program::Settings{{"MAX_MESSAGE_BYTES", "1000"}, {"MAX_TOPICS", "2"}, {"MAX_TOPIC_BYTES", "10"}});
    Peer ann(program.port());
    ann.joins("r");
    const std::pair<std::string, const char*> cases[] = {
        {R"({"type":)", "1007"},
        {"3", "1008"},
        {R"({"type":"publish","topic":5})", "1008"},
        {R"({"type":"subscribe","topics":["a","b","c"]})", "1008"},
        {R"({"type":"subscribe","topics":["longer than ten"]})", "1008"},
        {"\"" + std::string(1000, 'x') + "\"", "1009"},
    };
    for (const auto& [text, code] : cases) {
        Peer bad(program.port());
        bad.says(text);
        EXPECT_EQ(bad.receives_close(), code) << text;
    }
    ann.says(R"({"type":"publish","topic":"r"})");

    EXPECT_EQ(ann.hears(), plain(R"({"type":"publish","topic":"r","clients":1})"));
}

TEST(SignalingProgram, LosesASlowReaderAndDelaysNobody) {
    Program program(
        {{"MAX_QUEUE_BYTES", "200000"}, {"MAX_MESSAGE_BYTES", "150000"}, {"CLOSE_TIMEOUT", "200ms"}});
    Peer ann(program.port()), slow(program.port());
    ann.joins("r");
    slow.joins("r");
    auto text = R"({"type":"publish","topic":"r","data":")" + std::string(100'000, 'x') + "\"}";

    // Ann reads each message; the other member nothing at all, until it is counted out.
    std::string last;
    for (int i = 0; i < 1000 && last.find("\"clients\":1}") == std::string::npos; ++i) {
        ann.says(text);
        last = ann.hears();
        ASSERT_EQ(last.size(), text.size() + 12 + 10) << "ann got all of it";
    }

    EXPECT_EQ(last.substr(last.size() - 12), "\"clients\":1}");
}

// A machine that lost its network or its power says nothing more and acknowledges nothing: for the server a
// half-open connection is one that is silent.
TEST(SignalingProgram, CountsOutPeersThatVanishedAndKeepsThoseWhoAnswerPings) {
    Program program(Program::Settings{{"PING_INTERVAL", "1s"}});
    Peer vanished(program.port()), ann(program.port());
    vanished.joins("r");
    ann.joins("r");
    const auto ping = plain("", Opcode::Ping);
    const auto pong = masked(Opcode::Pong, "");

    std::string last;
    for (int i = 0; i < 200 && !last.ends_with("\"clients\":1}"); ++i) {
        ann.says(R"({"type":"publish","topic":"r"})");
        last = ann.receives_until("}");
        if (last.find(ping) != std::string::npos) ann.sends(pong);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }

    EXPECT_TRUE(last.ends_with("\"clients\":1}")) << last;
    EXPECT_THAT(get(program.port(), "/health"), HasSubstr("\"connections\":1,"));
}

TEST(SignalingProgram, CountsOutAPeerThatClosesItsHalfOfTheConnection) {
    Program program;
    Peer ann(program.port()), bob(program.port());
    ann.joins("r");
    bob.joins("r");

    bob.half_closes();
    EXPECT_TRUE(bob.sees_close());
    ann.publishes("r", "x");

    EXPECT_EQ(ann.hears(), relayed("r", "x", 1));
}

TEST(SignalingProgram, AnswersPlainRequestsAsTheReferenceDoes) {
    Program program;

    for (auto path : {"/", "/any/path?q", "/metrics"}) {
        auto page = get(program.port(), path);
        EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(page, HasSubstr("Content-Type: text/plain\r\n"));
        EXPECT_TRUE(page.ends_with("\r\n\r\nokay")) << page;
    }
    EXPECT_THAT(get(program.port(), "/health"), HasSubstr(R"({"status":"ok","connections":0,"rooms":0})"));
}

TEST(SignalingProgram, RefusesUpgradesThatItDoesNotUnderstand) {
    Program program;
    const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

    auto old = get(program.port(), "/", upgrade + "Sec-WebSocket-Version: 8\r\n");
    EXPECT_THAT(old, StartsWith("HTTP/1.1 426 "));
    EXPECT_THAT(old, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
    EXPECT_THAT(
        get(program.port(), "/", upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"),
        StartsWith("HTTP/1.1 400 "));
}

TEST(SignalingProgram, RefusesPeersBeyondItsLimitAndTakesThemWhenAPlaceIsFree) {
    Program program(Program::Settings{{"MAX_CONNECTIONS", "1"}});
    {
        Peer ann(program.port());
        ann.joins("r");

        EXPECT_THAT(Peer(program.port()).head(), StartsWith("HTTP/1.1 503 "));
        ann.sends(masked(Opcode::Close, ""));
        ann.receives_all();
    }

    EXPECT_THAT(Peer(program.port()).head(), StartsWith("HTTP/1.1 101 "));
}

TEST(SignalingProgram, SendsEverybodyAwayWith1001OnSigterm) {
    Program program;
    Peer ann(program.port()), bob(program.port());
    ann.joins("r");

    program.signal(SIGTERM);

    EXPECT_EQ(ann.receives_close(), "1001");
    EXPECT_EQ(bob.receives_close(), "1001");
    EXPECT_THAT(get(program.port(), "/health"), HasSubstr("\"draining\""));
    ann.sends(masked(Opcode::Close, websocket::close_payload(1001, "")));
    bob.sends(masked(Opcode::Close, websocket::close_payload(1001, "")));
    EXPECT_EQ(program.exit_code(), 0);
}

TEST(SignalingProgram, DoesNotWaitForPeersThatIgnoreTheirClose) {
    Program program(Program::Settings{{"CLOSE_TIMEOUT", "200ms"}});
    Peer ann(program.port());
    ann.joins("r");

    program.signal(SIGTERM);

    EXPECT_EQ(program.exit_code(), 0);
}

TEST(SignalingProgram, ListsEveryProblemOfItsSettings) {
    Program program(
        Program::Settings{
            {"PORT", "4444"}, {"ADMIN_PORT", "4444"}, {"PING_INTERVAL", "30"}, {"MAX_QUEUE_BYTES", "2000"}},
        Program::MayFail);

    EXPECT_EQ(program.exit_code(), 65);
    auto errors = program.errors();
    EXPECT_THAT(errors, HasSubstr("ADMIN_PORT is 4444, the same as PORT; set one of the two"));
    EXPECT_THAT(errors, HasSubstr("PING_INTERVAL"));
    EXPECT_THAT(errors, HasSubstr("MAX_QUEUE_BYTES is 2000 and has to be at least"));
}

}  // namespace seance::signaling
