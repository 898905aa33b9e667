#include "store/valkey/router.hpp"

#include <gtest/gtest.h>

#include "core/runtime/wait.hpp"
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

std::string key(int number) {
    return "key " + std::to_string(number);
}

// Each key with a value of its own: written, and read again.
Awaitable<void> expect_values(Router& router, int keys) {
    for (int i = 0; i < keys; ++i) {
        std::vector<std::string> set{"SET", key(i), std::to_string(i)};
        auto written = co_await router.command(key(i), std::move(set));
        EXPECT_TRUE(written && !written->failed()) << (written ? written->text : written.error().message());
    }
    for (int i = 0; i < keys; ++i) {
        std::vector<std::string> get{"GET", key(i)};
        auto read = co_await router.command(key(i), std::move(get));
        EXPECT_TRUE(read && read->text == std::to_string(i));
    }
}

// Those that are kept by each master alone.
Awaitable<std::int64_t> count_of(Loop& loop, std::uint16_t port) {
    Client client(loop, at(port), quick());
    auto size = co_await client.command("DBSIZE");
    co_return size ? size->integer : -1;
}

Awaitable<void> expect_cluster(Loop& loop, RedisCluster& cluster, Router& router) {
    co_await expect_values(router, 40);
    auto first = co_await count_of(loop, cluster.port(0));
    auto second = co_await count_of(loop, cluster.port(1));
    EXPECT_EQ(first + second, 40);
    EXPECT_TRUE(first > 5 && second > 5) << first;

    std::vector<std::string> none{"GET", "posted"};
    co_await router.command("posted", none);  // now it is known who has it
    EXPECT_TRUE(router.post("posted", {"SET", "posted", "x"}));
    auto posted = co_await router.command("posted", std::move(none));
    EXPECT_TRUE(posted && posted->text == "x");
}

Awaitable<void> expect_return(RedisCluster& cluster, Router& router) {
    co_await expect_values(router, 20);
    cluster.node(0).kill();
    int failed = 0;
    for (int i = 0; i < 20; ++i) {
        std::vector<std::string> get{"GET", key(i)};
        auto read = co_await router.command(key(i), std::move(get));
        if (!read || read->failed()) ++failed;
    }
    EXPECT_GT(failed, 0);
    cluster.node(0).start();
    auto began = Clock::now();
    bool back = false;
    while (!back && Clock::now() - began < 10s) {
        back = true;
        for (int i = 0; i < 20; ++i) {
            std::vector<std::string> set{"SET", key(i), "again"};
            auto written = co_await router.command(key(i), std::move(set));
            back = back && written && !written->failed();
        }
        if (!back) co_await sleep_for(20ms);
    }
    EXPECT_TRUE(back);
}

Reply error(std::string text) {
    Reply reply;
    reply.kind = Reply::Kind::Error;
    reply.text = std::move(text);
    return reply;
}

}  // namespace

TEST(Router, HasOneConnectionToAServer) {
    RedisServer server;
    Loop loop;
    Router router(loop, at(server.port()), quick());

    run(loop, expect_values(router, 20));
}

TEST(Router, AsksTheMasterThatHasTheKey) {
    RedisCluster cluster;
    Loop loop;
    Router router(loop, at(cluster.port(0)), quick());

    run(loop, expect_cluster(loop, cluster, router));
}

TEST(Router, AsksAnotherNodeWhereTheFirstIsAway) {
    RedisCluster cluster;
    Loop loop;
    std::vector<Address> nodes{at(testing_support::free_port()), at(cluster.port(1))};
    Router router(loop, std::move(nodes), quick());

    run(loop, expect_values(router, 20));
}

TEST(Router, OutlastsTheLossOfTheMasterItWasToldOf) {
    RedisCluster cluster;
    Loop loop;
    Router router(loop, at(cluster.port(0)), quick());

    run(loop, expect_return(cluster, router));
}

TEST(ReadRedirection, TakesAddressesOfEveryKind) {
    auto asked = at(7000, "secret");
    auto moved = read_redirection(error("MOVED 3999 10.0.0.1:6381"), asked);
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->to.printed(), "10.0.0.1:6381");
    EXPECT_EQ(moved->to.password.reveal(), "secret");
    EXPECT_FALSE(moved->only_now);
    EXPECT_EQ(read_redirection(error("MOVED 1 :6381"), asked)->to.printed(), "127.0.0.1:6381");
    EXPECT_EQ(read_redirection(error("ASK 1 ::1:6381"), asked)->to.host, "::1");
    EXPECT_TRUE(read_redirection(error("ASK 1 ::1:6381"), asked)->only_now);

    for (auto text : {"ERR no", "MOVED 1", "MOVED 1 a", "MOVED 1 a:0", "MOVED 1 a:70000", "CLUSTERDOWN a b"})
        EXPECT_FALSE(read_redirection(error(text), asked)) << text;
    Reply fine;
    fine.text = "MOVED 3999 10.0.0.1:6381";
    EXPECT_FALSE(read_redirection(fine, asked)) << "a value that looks like it";
}

}  // namespace seance::valkey
