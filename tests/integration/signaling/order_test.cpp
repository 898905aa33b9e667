// What each member hears of messages that come in one turn of the server's loop, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <thread>

#include "net/websocket/shared_frame.hpp"
#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"
#include "tests/support/child.hpp"

namespace seance::signaling {
namespace {

using namespace testing_support;

std::string list(std::string_view type, std::string_view topic) {
    return masked(Opcode::Text,
                  R"({"type":")" + std::string(type) + R"(","topics":[")" + std::string(topic) + "\"]}");
}

std::string publish(std::string_view topic, std::string_view data) {
    return masked(Opcode::Text, publish_text(topic, data));
}

const std::string kPing = masked(Opcode::Text, R"({"type":"ping"})");

}  // namespace

TEST(SignalingOrder, IsThatOfTheMessagesThoughTheyLeaveTogether) {
    Program program;
    Peer ann(program.port()), bob(program.port());
    ann.joins("r");
    bob.joins("r");
    bob.joins("s");

    ann.sends(publish("r", "1") + publish("s", "2") + publish("r", "3") + kPing + publish("r", "4") +
              publish("r", "5"));

    EXPECT_EQ(bob.receives_until(relayed("r", "5", 2)), relayed("r", "1", 2) + relayed("s", "2", 1) +
                                                            relayed("r", "3", 2) + relayed("r", "4", 2) +
                                                            relayed("r", "5", 2));
    EXPECT_EQ(ann.receives_until(relayed("r", "5", 2)), relayed("r", "1", 2) + relayed("r", "3", 2) + kPong +
                                                            relayed("r", "4", 2) + relayed("r", "5", 2));
}

TEST(SignalingOrder, LeavesAMemberWhatItWasAMemberFor) {
    Program program;
    Peer ann(program.port()), bob(program.port());
    ann.joins("r");
    bob.joins("r");

    ann.sends(publish("r", "1") + list("unsubscribe", "r") + publish("r", "2") + publish("r", "3") +
              list("subscribe", "r") + publish("r", "4") + kPing);

    EXPECT_EQ(ann.receives_until(kPong), relayed("r", "1", 2) + relayed("r", "4", 2) + kPong);
    EXPECT_EQ(bob.hears(),
              relayed("r", "1", 2) + relayed("r", "2", 1) + relayed("r", "3", 1) + relayed("r", "4", 2));
}

TEST(SignalingOrder, IsKeptByThoseWhoCompressAndThoseWhoDoNot) {
    Program program(Program::Settings{{"COMPRESSION", "on"}});
    Peer ann(program.port()), bob(program.port(), {{"Sec-WebSocket-Extensions", "permessage-deflate"}});
    ann.joins("r");
    bob.joins("r");
    const std::string data(1000, 'x');

    ann.sends(publish("r", "1") + publish("r", data) + publish("r", "2"));

    const auto compressed =
        websocket::share_compressed_frame(Opcode::Text, relayed("r", data, 2).substr(4), 15)->text();
    EXPECT_EQ(bob.receives_until(relayed("r", "2", 2)),
              relayed("r", "1", 2) + compressed + relayed("r", "2", 2));
    EXPECT_EQ(ann.hears(), relayed("r", "1", 2) + relayed("r", data, 2) + relayed("r", "2", 2));
}

// What does not fit into the queue is counted, each message of it.
struct SlowReaderOrder : testing::TestWithParam<const char*> {};

TEST_P(SlowReaderOrder, IsKeptInWhatItDoesNotLose) {
    const auto admin = free_port();
    Program program(Program::Settings{{"ADMIN_PORT", std::to_string(admin)},
                                      {"MAX_MESSAGE_BYTES", "2000"},
                                      {"MAX_QUEUE_BYTES", GetParam()},
                                      {"SLOW_READERS", "drop-oldest"}});
    auto data = [](int number) { return std::to_string(100'000 + number) + std::string(1900, 'x'); };
    constexpr int kBursts = 300, kEach = 20;
    const auto frame = relayed("r", data(0), 2).size();
    const auto at_number = relayed("r", data(0), 2).find("100000");
    const auto end = relayed("r", "the last", 2);
    int lost = 0;
    // Each reader's socket is full at another byte of a message.
    for (std::size_t phase = 0; phase < 8; ++phase) {
        Peer ann(program.port()), slow(program.port());
        ann.joins("r");
        slow.joins("r");
        const std::string first(phase * 240, 'f');
        ann.publishes("r", first);
        ann.hears();
        for (int burst = 0; burst < kBursts; ++burst) {
            std::string says, hears;
            for (int i = 0; i < kEach; ++i) {
                says += publish("r", data(burst * kEach + i));
                hears += relayed("r", data(burst * kEach + i), 2);
            }
            ann.sends(says);
            ASSERT_EQ(ann.hears(), hears);
        }
        ann.publishes("r", "the last");

        auto heard = slow.receives_until(end);

        ASSERT_TRUE(heard.starts_with(relayed("r", first, 2)));
        ASSERT_TRUE(heard.ends_with(end));
        heard.resize(heard.size() - end.size());
        heard.erase(0, relayed("r", first, 2).size());
        ASSERT_EQ(heard.size() % frame, 0u);
        EXPECT_LT(heard.size() / frame, kBursts * kEach) << "it was slow";
        lost += kBursts * kEach - static_cast<int>(heard.size() / frame);
        int last = -1;
        for (std::size_t at = 0; at < heard.size(); at += frame) {
            const int number = std::stoi(heard.substr(at + at_number, 6)) - 100'000;
            ASSERT_GT(number, last);
            ASSERT_EQ(heard.substr(at, frame), relayed("r", data(number), 2));
            last = number;
        }
        ann.sends(publish("r", "a") + publish("r", "b"));
        EXPECT_EQ(slow.receives_until(relayed("r", "b", 2)), relayed("r", "a", 2) + relayed("r", "b", 2));
        ann.sends(list("unsubscribe", "r"));
        slow.sends(list("unsubscribe", "r"));
        ann.hears();
        slow.hears();
    }
    const auto line = "dropped_total{reason=\"slow_reader\"} " + std::to_string(lost) + "\n";
    std::string metrics;  // counted once a second
    for (int i = 0; i < 100 && metrics.find(line) == std::string::npos; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        metrics = get(admin, "/metrics");
    }
    EXPECT_THAT(metrics, testing::HasSubstr(line));
}
INSTANTIATE_TEST_SUITE_P(Queues, SlowReaderOrder, testing::Values("3100", "4100", "100000"));

// Against a model that delivers one message after the other.
TEST(SignalingOrder, IsTheSameForAnythingThatOneSegmentHolds) {
    constexpr std::array<std::string_view, 3> kTopics{"a", "b", "c"};
    Program program;
    Peer ann(program.port()), bob(program.port()), eve(program.port());
    bob.joins("a");
    bob.joins("b");
    eve.joins("b");
    std::mt19937 random(5);
    auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
    std::array<bool, 3> joined{};

    for (int script = 0; script < 300; ++script) {
        std::string says, ann_hears, bob_hears, eve_hears;
        for (unsigned step = 0, steps = 1 + below(40); step < steps; ++step) {
            const auto topic = below(3);
            const auto act = below(10);
            if (act == 0) {
                says += kPing;
                ann_hears += kPong;
            } else if (act == 1) {
                says += list(joined[topic] ? "unsubscribe" : "subscribe", kTopics[topic]);
                joined[topic] = !joined[topic];
            } else {
                const auto data =
                    std::to_string(step) + std::string(below(8) == 0 ? below(5000) : below(100), 'x');
                const auto others = std::array{1U, 2U, 0U}[topic];
                const auto relay = relayed(kTopics[topic], data, others + (joined[topic] ? 1 : 0));
                says += publish(kTopics[topic], data);
                if (joined[topic]) ann_hears += relay;
                if (topic < 2) bob_hears += relay;
                if (topic == 1) eve_hears += relay;
            }
        }
        // A ping of WebSocket's own, since the other kind is part of the script.
        ann.sends(says + masked(Opcode::Ping, "end"));

        const auto end = plain("end", Opcode::Pong);
        ASSERT_EQ(ann.receives_until(end), ann_hears + end) << "script " << script;
        ASSERT_EQ(bob.hears(), bob_hears) << "script " << script;
        ASSERT_EQ(eve.hears(), eve_hears) << "script " << script;
    }
}

}  // namespace seance::signaling
