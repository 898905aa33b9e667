// Replicas whose Valkey, or a master of their cluster, is away for a while.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/integration/signaling/replica.hpp"
#include "tests/support/redis_cluster.hpp"

namespace seance::signaling {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using namespace testing_support;

}  // namespace

TEST(SignalingReplicas, GoOnAloneWhileValkeyIsAwayAndMeetAgainAfter) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");

    valkey.kill();
    EXPECT_TRUE(valkey_is(left, false));
    EXPECT_TRUE(valkey_is(right, false));
    Peer carl(left.port());
    carl.joins("r");
    carl.publishes("r", "local");
    auto local = relayed("r", "local", 2);
    EXPECT_EQ(ann.receives(local.size()), local);
    valkey.start();

    // Once, though it was said while nobody could carry it.
    EXPECT_THAT(bob.receives_until("\"data\":\"local\",\"clients\":3}"), HasSubstr("local"));
    EXPECT_TRUE(comes_to_count(ann, "r", 3));
    EXPECT_TRUE(comes_to_count(bob, "r", 3));
    auto heard = bob.hears();
    EXPECT_EQ(heard.find("local"), std::string::npos);
    bob.publishes("r", "again");
    EXPECT_THAT(carl.receives_until(relayed("r", "again", 3)), EndsWith(relayed("r", "again", 3)));
    EXPECT_EQ(carl.hears(), "");
}

TEST(SignalingReplicas, OutlastAFrozenValkey) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");

    valkey.freeze();
    ann.publishes("r", "local");
    auto local = relayed("r", "local", 2);
    EXPECT_EQ(ann.receives(local.size()), local);
    EXPECT_TRUE(valkey_is(left, false));
    valkey.thaw();

    EXPECT_TRUE(valkey_is(left, true));
    EXPECT_TRUE(comes_to_count(ann, "r", 2));
    ann.publishes("r", "last");
    auto heard = bob.receives_until("last");
    auto first = heard.find("\"local\"");
    EXPECT_TRUE(first == std::string::npos || heard.find("\"local\"", first + 1) == std::string::npos)
        << "twice";
}

TEST(SignalingReplicas, SayAgainWhatTheQueueToValkeyHadNoRoomFor) {
    RedisServer valkey;
    Replica left(valkey.port(), {{"MAX_MESSAGE_BYTES", "2000000"}}), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    auto eve = std::make_unique<Peer>(left.port());
    ann.joins("r");
    bob.joins("r");
    bob.joins("s");
    eve->joins("s");
    EXPECT_TRUE(comes_to_count(bob, "s", 2));
    Peer carl(left.port()), loud(left.port());

    valkey.freeze();
    // Down to room for nothing.
    for (auto [size, times] : {std::pair(1'000'000, 60), {10'000, 150}, {100, 150}, {0, 300}})
        for (int i = 0; i < times; ++i) loud.publishes("e", std::string(static_cast<std::size_t>(size), 'x'));
    for (int i = 0; i < 10; ++i) loud.says(R"({"type":"publish","topic":"e"})");
    loud.hears();
    carl.says(R"({"type":"subscribe","topics":["r"]})");
    eve.reset();
    ann.publishes("r", "to those here");
    EXPECT_THAT(carl.receives_until("to those here"), EndsWith("to those here"));
    valkey.thaw();

    EXPECT_TRUE(comes_to_count(bob, "r", 3));
    EXPECT_TRUE(comes_to_count(bob, "s", 1));
}

TEST(SignalingReplicas, StartWithoutValkeyAndFindItLater) {
    RedisServer valkey;
    valkey.kill();
    Program left(over(valkey.port())), right(over(valkey.port()));
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");
    EXPECT_TRUE(comes_to_count(ann, "r", 1));

    valkey.start();

    EXPECT_TRUE(comes_to_count(ann, "r", 2));
    EXPECT_TRUE(comes_to_count(bob, "r", 2));
}

TEST(SignalingReplicas, MeetInACluster) {
    RedisCluster cluster;
    Replica left(cluster.port(0)), right(cluster.port(1));
    Peer ann(left.port()), bob(right.port());
    for (int i = 0; i < 20; ++i) {  // of both masters' slots
        auto topic = "room " + std::to_string(i);
        ann.joins(topic);
        bob.joins(topic);
        bob.publishes(topic, "x");
        auto expected = relayed(topic, "x", 2);
        EXPECT_EQ(ann.receives(expected.size()), expected);
        EXPECT_EQ(bob.receives(expected.size()), expected);
    }
}

TEST(SignalingReplicas, MeetAgainAfterAMasterOfTheClusterDied) {
    RedisCluster cluster;
    Replica left(cluster.port(0)), right(cluster.port(1));
    Peer ann(left.port()), bob(right.port());
    std::vector<std::string> topics;
    for (int i = 0; i < 20; ++i) {
        topics.push_back("room " + std::to_string(i));
        ann.joins(topics.back());
        bob.joins(topics.back());
    }

    cluster.node(1).kill();
    EXPECT_TRUE(valkey_is(left, false));
    ann.publishes(topics[0], "local");
    auto local = relayed(topics[0], "local", 1);
    EXPECT_EQ(ann.receives(local.size()), local);
    cluster.node(1).start();

    for (const auto& topic : topics) EXPECT_TRUE(comes_to_count(bob, topic, 2)) << topic;
    auto missed = ann.hears();
    EXPECT_EQ(missed.find("local"), std::string::npos) << "not once more";
}

}  // namespace seance::signaling
