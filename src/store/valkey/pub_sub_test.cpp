#include "store/valkey/pub_sub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/runtime/wait.hpp"
#include "store/valkey/slots.hpp"
#include "tests/support/redis_cluster.hpp"
#include "tests/support/run.hpp"
#include "tests/support/valkey_options.hpp"

namespace seance::valkey {
namespace {

using namespace std::chrono_literals;
using testing_support::at;
using testing_support::quick;
using testing_support::RedisCluster;
using testing_support::RedisServer;
using testing_support::run;

struct Counts final : PubSub::Listener {
    void on_open() override { ++opened; }
    void on_subscribed(std::string_view channel) override { ++subscribed[std::string(channel)]; }
    void on_message(std::string_view channel, std::string_view payload) override {
        heard[std::string(channel)] += payload;
    }
    void on_lost() override { ++lost; }
    void on_refused() override { ++refused; }
    int opened = 0, lost = 0, refused = 0;
    std::map<std::string, int> subscribed;
    std::map<std::string, std::string> heard;
};

template <class Condition>
Awaitable<bool> comes_true(Condition condition) {
    auto began = Clock::now();
    while (!condition() && Clock::now() - began < 10s) co_await sleep_for(2ms);
    co_return condition();
}

Awaitable<void> expect_exchange(PubSub& pub_sub, Counts& counts, std::vector<std::string> channels) {
    auto there = [&] { return counts.opened == 1; };
    EXPECT_TRUE(co_await comes_true(there));
    for (const auto& channel : channels) pub_sub.subscribe(channel);
    auto all_in = [&] { return counts.subscribed.size() == channels.size(); };
    EXPECT_TRUE(co_await comes_true(all_in));
    std::int64_t receivers = 0;
    PubSub::OnReceivers add = [&](std::int64_t count) { receivers += count; };
    for (auto piece : {"a", "b", "c"})
        for (const auto& channel : channels) EXPECT_TRUE(pub_sub.publish(channel, piece, add));
    co_await pub_sub.flush();
    EXPECT_EQ(receivers, static_cast<std::int64_t>(3 * channels.size()));
    for (const auto& channel : channels) {
        auto whole = [&] { return counts.heard[channel] == "abc"; };
        EXPECT_TRUE(co_await comes_true(whole)) << channel;
    }
}

Awaitable<void> expect_refusals(PubSub& pub_sub, Counts& counts) {
    auto there = [&] { return counts.opened == 1; };
    EXPECT_TRUE(co_await comes_true(there));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(pub_sub.publish("a", "x"));
    co_await pub_sub.flush();
    EXPECT_GE(counts.refused, 1);
    const int before = counts.refused;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(pub_sub.publish("a", "x"));
    co_await pub_sub.flush();
    EXPECT_EQ(counts.refused, before + 3) << "each, once it is known";
    EXPECT_TRUE(pub_sub.open());
}

Awaitable<void> expect_return(RedisServer& server, PubSub& pub_sub, Counts& counts) {
    auto there = [&] { return counts.opened == 1 && counts.subscribed["a"] == 1; };
    EXPECT_TRUE(co_await comes_true(there));
    server.kill();
    auto lost = [&] { return counts.lost == 1; };
    EXPECT_TRUE(co_await comes_true(lost));
    EXPECT_FALSE(pub_sub.open());
    server.start();
    auto again = [&] { return counts.opened == 2 && counts.subscribed["a"] == 2; };
    EXPECT_TRUE(co_await comes_true(again));
}

}  // namespace

TEST(PubSub, CarriesChannelsOverOneServer) {
    RedisServer server;
    Loop loop;
    Counts counts;
    PubSub pub_sub(loop, at(server.port()), counts, quick());

    run(loop, expect_exchange(pub_sub, counts, {"one", "two"}));
}

TEST(PubSub, SaysThatTheServerRefusesToPublish) {
    RedisServer server("", "user default on nopass ~* &* +@all -publish\n");
    Loop loop;
    Counts counts;
    PubSub pub_sub(loop, at(server.port()), counts, quick());

    run(loop, expect_refusals(pub_sub, counts));
}

TEST(PubSub, SaysWhenTheServerIsLostAndBack) {
    RedisServer server;
    Loop loop;
    Counts counts;
    PubSub pub_sub(loop, at(server.port()), counts, quick());
    pub_sub.subscribe("a");

    run(loop, expect_return(server, pub_sub, counts));
}

TEST(PubSub, UsesTheMasterOfEachChannelsSlotInACluster) {
    RedisCluster cluster;
    Loop loop;
    Counts counts;
    PubSub pub_sub(loop, at(cluster.port()), counts, quick());
    std::vector<std::string> channels;
    std::size_t low = 0;
    for (int i = 0; i < 20; ++i) {
        channels.push_back("room " + std::to_string(i));
        if (slot_of(channels.back()) < 8192) ++low;
    }
    ASSERT_TRUE(low > 0 && low < channels.size()) << "both masters have some";

    run(loop, expect_exchange(pub_sub, counts, channels));
}

namespace {
Awaitable<void> expect_failover(RedisCluster& cluster, Counts& counts, std::size_t channels) {
    auto all_in = [&](int times) {
        return counts.subscribed.size() == channels &&
               std::all_of(counts.subscribed.begin(), counts.subscribed.end(),
                           [&](const auto& channel) { return channel.second >= times; });
    };
    auto there = [&] { return counts.opened == 1 && all_in(1); };
    EXPECT_TRUE(co_await comes_true(there));
    cluster.node(1).kill();
    auto lost = [&] { return counts.lost == 1; };
    EXPECT_TRUE(co_await comes_true(lost));
    cluster.node(1).start();
    auto again = [&] { return counts.opened >= 2 && all_in(2); };
    EXPECT_TRUE(co_await comes_true(again));
}
}  // namespace

TEST(PubSub, AsksForTheClustersMastersAnewAfterALoss) {
    RedisCluster cluster;
    Loop loop;
    Counts counts;
    PubSub pub_sub(loop, at(cluster.port()), counts, quick());
    constexpr std::size_t kChannels = 20;  // of many slots: no two of them may be named in one command
    for (std::size_t i = 0; i < kChannels; ++i) pub_sub.subscribe("room " + std::to_string(i));

    run(loop, expect_failover(cluster, counts, kChannels));
}

}  // namespace seance::valkey
