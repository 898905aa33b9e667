// Replicas over a real Valkey: rooms are one, whatever happens to the replicas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "services/signaling/replicas/note.hpp"
#include "tests/integration/signaling/replica.hpp"
#include "tests/support/redis_server.hpp"

namespace seance::signaling {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace testing_support;

}  // namespace

TEST(SignalingReplicas, AreOneRoomAndCountAllItsMembers) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port()), eve(right.port());
    ann.joins("r");
    bob.joins("r");
    eve.joins("other");

    ann.publishes("r", "to bob");
    auto to_bob = relayed("r", "to bob", 2);
    EXPECT_EQ(bob.receives(to_bob.size()), to_bob);
    bob.publishes("r", "to ann");
    auto to_ann = relayed("r", "to ann", 2);
    EXPECT_EQ(ann.receives(to_bob.size() + to_ann.size()), to_bob + to_ann);

    EXPECT_EQ(bob.hears(), to_ann);
    EXPECT_EQ(ann.hears() + eve.hears(), "") << "once, and nobody else";
}

// The pong comes when the join is known everywhere, so whoever waits for it misses nothing.
TEST(SignalingReplicas, MissNothingAfterThePong) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    for (int i = 0; i < 200; ++i) {
        auto topic = "room " + std::to_string(i);
        ann.joins(topic);
        bob.joins(topic);
        ann.publishes(topic, "x");
        auto expected = relayed(topic, "x", 2);
        ASSERT_EQ(bob.receives(expected.size()), expected);
        ASSERT_EQ(ann.receives(expected.size()), expected);
    }
}

// As y-webrtc does: it announces itself right behind its subscribe, and the answer must find it.
TEST(SignalingReplicas, MissNoAnswerToAnAnnouncementMadeAtOnce) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port());
    for (int i = 0; i < 100; ++i) {
        auto topic = "room " + std::to_string(i);
        ann.joins(topic);
        Peer bob(right.port());
        bob.sends(masked(Opcode::Text, R"({"type":"subscribe","topics":[")" + topic + "\"]}") +
                  masked(Opcode::Text, R"({"type":"publish","topic":")" + topic + R"(","data":"hello"})"));
        ASSERT_THAT(ann.receives_until("\"hello\",\"clients\":2}"), HasSubstr("hello"));
        ann.publishes(topic, "offer");
        ASSERT_THAT(bob.receives_until(relayed(topic, "offer", 2)), EndsWith(relayed(topic, "offer", 2)));
        ann.hears();
    }
}

// Not over the topic's, where the sender would hear it again.
TEST(SignalingReplicas, SendWhatTheOtherAloneNeedsOverItsOwnChannel) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");
    RawClient listener(valkey.port());
    listener.sends("PSUBSCRIBE *\r\n");
    listener.receives_until(":1\r\n");

    ann.publishes("r", "to bob");
    bob.receives_until("to bob");
    const auto heard = listener.receives_until("to bob");

    EXPECT_THAT(heard, HasSubstr("signaling:replica:"));
    EXPECT_THAT(heard, Not(HasSubstr("signaling:topic:")));
}

// One of an earlier version does not.
TEST(SignalingReplicas, SendToAReplicaWithoutAChannelOfItsOwnOverTheTopics) {
    RedisServer valkey;
    Replica left(valkey.port());
    Peer ann(left.port());
    ann.joins("r");
    const auto channel = "seance:signaling:topic:" + hashed_topic("r");
    RawClient earlier(valkey.port()), says(valkey.port());
    earlier.sends("SUBSCRIBE " + channel + "\r\n");
    earlier.receives_until(":1\r\n");
    says.sends("PUBLISH " + channel + " H00000000000000aa1\r\n");
    earlier.receives_until("C");  // left's answer
    EXPECT_TRUE(comes_to_count(ann, "r", 2));

    ann.publishes("r", "to the earlier one");

    EXPECT_THAT(earlier.receives_until("to the earlier one"), HasSubstr(channel));
}

TEST(SignalingReplicas, KeepTheOrderWhileAThirdComesAndGoes) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port()), third(valkey.port());
    Peer ann(left.port()), bob(right.port()), carl(third.port());
    ann.joins("r");
    bob.joins("r");
    constexpr int kMessages = 5000;
    std::string burst;
    for (int i = 0; i < kMessages; ++i)
        burst +=
            masked(Opcode::Text, R"({"type":"publish","topic":"r","data":")" + std::to_string(i) + "\"}");
    std::thread sender([&] { ann.sends(burst); });
    std::string heard;
    int next = 0;
    for (int turn = 0; next < kMessages; ++turn) {
        carl.says(turn % 2 == 0 ? R"({"type":"subscribe","topics":["r"]})"
                                : R"({"type":"unsubscribe","topics":["r"]})");
        const auto wanted = std::to_string(std::min(next + 49, kMessages - 1));
        heard = bob.receives_until("\"data\":\"" + wanted + "\"");
        for (std::size_t at = 0; (at = heard.find("\"data\":\"", at)) != std::string::npos; at += 8)
            ASSERT_EQ(std::stoi(heard.substr(at + 8)), next++);
    }
    sender.join();
    EXPECT_EQ(next, kMessages);
}

TEST(SignalingReplicas, TakePublishesOfThoseWhoAreNoMembers) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");

    bob.publishes("r", "from outside");

    auto expected = relayed("r", "from outside", 1);
    EXPECT_EQ(ann.receives(expected.size()), expected);
}

TEST(SignalingReplicas, LoseAndDoubleNothingInABurstBothWays) {
    RedisServer valkey;
    // What is heard is compared byte by byte, and a slow run outlasts the usual interval of pings.
    Replica left(valkey.port(), {{"PING_INTERVAL", "1h"}}),
        right(valkey.port(), {{"PING_INTERVAL", "1h"}, {"THREADS", "2"}});
    Peer ann(left.port()), bob(right.port()), carl(right.port());
    for (auto* peer : {&ann, &bob, &carl}) peer->joins("r");
    std::string of_ann, of_bob;
    constexpr int kMessages = 3000;
    for (int i = 0; i < kMessages; ++i) {
        of_ann +=
            masked(Opcode::Text, R"({"type":"publish","topic":"r","data":"a)" + std::to_string(i) + "\"}");
        of_bob +=
            masked(Opcode::Text, R"({"type":"publish","topic":"r","data":"b)" + std::to_string(i) + "\"}");
    }
    ann.sends(of_ann);
    bob.sends(of_bob);

    auto one = relayed("r", "a0", 3).size();
    std::size_t all = 0;
    for (int i = 0; i < kMessages; ++i) all += 2 * (one + std::to_string(i).size() - 1);
    for (auto* peer : {&ann, &bob, &carl}) {
        auto heard = peer->receives(all);
        ASSERT_EQ(heard.size(), all);
        int next_a = 0, next_b = 0;
        for (std::size_t at = 0; (at = heard.find("\"data\":\"", at)) != std::string::npos; at += 8) {
            int number = std::stoi(heard.substr(at + 9));
            ASSERT_EQ(number, heard[at + 8] == 'a' ? next_a++ : next_b++);
        }
        EXPECT_EQ(next_a + next_b, 2 * kMessages);
    }
    EXPECT_EQ(ann.hears() + bob.hears() + carl.hears(), "");
}

TEST(SignalingReplicas, CountADeadReplicasMembersOutWhenItsLeaseEnds) {
    RedisServer valkey;
    Replica left(valkey.port(), {{"REPLICA_LEASE", "600ms"}});
    auto right = std::make_unique<Replica>(valkey.port(), Program::Settings{{"REPLICA_LEASE", "600ms"}});
    Peer ann(left.port()), bob(right->port());
    ann.joins("r");
    bob.joins("r");
    EXPECT_TRUE(comes_to_count(ann, "r", 2));

    right->kill();

    EXPECT_TRUE(comes_to_count(ann, "r", 1));
}

TEST(SignalingReplicas, CountAReplicaInAgainThatWasOnlyAsleep) {
    RedisServer valkey;
    const Program::Settings quick{{"REPLICA_LEASE", "600ms"}};
    Replica left(valkey.port(), quick), right(valkey.port(), quick);
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");
    right.signal(SIGSTOP);
    EXPECT_TRUE(comes_to_count(ann, "r", 1));

    right.signal(SIGCONT);

    EXPECT_TRUE(comes_to_count(ann, "r", 2));
    EXPECT_TRUE(comes_to_count(bob, "r", 2));
}

TEST(SignalingReplicas, SurviveTheirPartnersDeathInTheMiddleOfAPublish) {
    RedisServer valkey;
    Replica left(valkey.port(), {{"REPLICA_LEASE", "600ms"}});
    Peer ann(left.port());
    ann.joins("r");
    for (int i = 0; i < 3; ++i) {
        Replica right(valkey.port());
        Peer bob(right.port());
        bob.joins("r");
        std::string burst;
        for (int n = 0; n < 2000; ++n)
            burst +=
                masked(Opcode::Text, R"({"type":"publish","topic":"r","data":")" + std::to_string(n) + "\"}");
        bob.sends(burst);
        ann.receives_until("\"data\":\"10\"");
        right.kill();
        auto rest = ann.hears();
        EXPECT_EQ(rest.find("\x88"), std::string::npos);
    }
    EXPECT_TRUE(comes_to_count(ann, "r", 1));
}

// During a deployment half of a room is on the old process and half on the new one.
TEST(SignalingReplicas, KeepARoomTogetherWhileOneOfThemDrains) {
    RedisServer valkey;
    Replica old(valkey.port(), {{"DRAIN_SPREAD", "5s"}}), fresh(valkey.port());
    std::vector<std::unique_ptr<Peer>> others;  // are sent away first
    for (int i = 0; i < 300; ++i) others.push_back(std::make_unique<Peer>(old.port()));
    Peer ann(old.port()), bob(fresh.port());
    ann.joins("r");

    old.signal(SIGTERM);
    EXPECT_EQ(others[0]->receives_close(), "1001");
    auto refused = Peer(old.port()).head();
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
    bob.joins("r");
    bob.publishes("r", "hello");

    auto hello = relayed("r", "hello", 2);
    EXPECT_EQ(ann.receives(hello.size()), hello);
    EXPECT_EQ(ann.receives_close(), "1001");
    for (auto& peer : others) peer->close();
    ann.close();
    EXPECT_EQ(old.exit_code(), 0);
    bob.hears();
    EXPECT_TRUE(comes_to_count(bob, "r", 1));
}

}  // namespace seance::signaling
