#include "services/signaling/sync/valkey_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_thread.hpp"
#include "tests/support/redis_cluster.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::LoopThread;
using testing_support::RedisServer;

// Two replicas with the room "a" open.
struct ValkeyStoreTest : testing::Test {
    ~ValkeyStoreTest() override {
        loop.on_loop([&] {
            here.reset();
            there.reset();
            store.reset();
            other.reset();
            client.reset();
            return 0;
        });
    }

    Outcome<Updates> read(DocumentLog& log) { return loop.await(log.read()); }
    bool append(DocumentLog& log, Updates updates) { return loop.await(appended(log, std::move(updates))); }
    Outcome<bool> compact(DocumentLog& log, Updates updates) {
        return loop.await(compacted(log, std::move(updates)));
    }
    std::int64_t ttl(const std::string& kind) {
        auto keys = loop.await(client->command("KEYS", "prefix:sync:*:" + kind)).value();
        return keys.list.empty() ? 0 : loop.await(client->command("TTL", keys.list[0].text))->integer;
    }
    static Awaitable<bool> appended(DocumentLog& log, Updates updates) {
        auto written = co_await log.append(updates);
        co_return written.has_value();
    }
    static Awaitable<Outcome<bool>> compacted(DocumentLog& log, Updates updates) {
        auto done = co_await log.compact(updates);
        co_return done;
    }
    std::unique_ptr<ValkeyStore> make_store(std::uint16_t port = 0) {
        return loop.on_loop([&] {
            valkey::Address address;
            address.host = "127.0.0.1";
            address.port = port == 0 ? redis.port() : port;
            if (!client) client = std::make_unique<valkey::Client>(loop.loop(), address);
            return std::make_unique<ValkeyStore>(loop.loop(), address, "prefix:", 1h, 1 << 20);
        });
    }

    RedisServer redis;
    LoopThread loop;
    std::unique_ptr<valkey::Client> client;
    std::unique_ptr<ValkeyStore> store = make_store(), other = make_store();
    std::unique_ptr<DocumentLog> here = store->open("a"), there = other->open("a");
};

}  // namespace

TEST_F(ValkeyStoreTest, GivesEachReplicaWhatOthersHaveAdded) {
    EXPECT_THAT(read(*here).value(), IsEmpty());
    append(*here, {"1", std::string("2\0", 2)});
    EXPECT_THAT(read(*there).value(), ElementsAre("1", std::string("2\0", 2)));
    append(*there, {"3"});

    EXPECT_THAT(read(*there).value(), ElementsAre("3")) << "its own, for it cannot tell what came in between";
    EXPECT_THAT(read(*store->open("a")).value(), ElementsAre("1", std::string("2\0", 2), "3"));
    EXPECT_THAT(read(*store->open("b")).value(), IsEmpty());
}

TEST_F(ValkeyStoreTest, ReadsMoreThanOnePage) {
    Updates all;
    read(*here);
    for (int i = 0; i < 1500; ++i) {
        all.push_back(std::to_string(i));
        append(*here, {all.back()});
    }

    EXPECT_EQ(read(*there).value(), all);
}

TEST_F(ValkeyStoreTest, PutsAWholeInThePlaceOfItsEntries) {
    read(*here);
    append(*here, {"1"});
    append(*here, {"2"});
    EXPECT_EQ(here->entries(), 2u);

    EXPECT_TRUE(compact(*here, {"12", "opaque"}).value());
    append(*here, {"3"});

    EXPECT_THAT(read(*there).value(), ElementsAre("3", "12", "opaque"));
    EXPECT_EQ(here->entries(), 3u);
}

TEST_F(ValkeyStoreTest, CompactsNothingThatAnotherReplicaHasAddedTo) {
    read(*here);
    read(*there);
    append(*here, {"1"});
    append(*there, {"2"});

    EXPECT_FALSE(compact(*here, {"1"}).value());
    EXPECT_THAT(read(*here).value(), ElementsAre("1", "2"));
    EXPECT_TRUE(compact(*here, {"12"}).value());
    EXPECT_FALSE(compact(*there, {"2"}).value()) << "it has not read what was compacted";
    EXPECT_THAT(read(*there).value(), ElementsAre("12"));
    EXPECT_TRUE(compact(*there, {"12"}).value());
}

TEST_F(ValkeyStoreTest, LetsDocumentsExpireThatNobodyOpens) {
    read(*here);
    append(*here, {"1"});
    compact(*here, {"1"});
    append(*here, {"2"});
    read(*here);

    EXPECT_GT(ttl("log"), 3590);
    EXPECT_GT(ttl("doc"), 3590);
}

TEST_F(ValkeyStoreTest, NoticesThatEverythingIsGone) {
    read(*here);
    read(*here);
    EXPECT_FALSE(here->lost());
    append(*here, {"1"});
    compact(*here, {"1"});
    read(*there);
    loop.await(client->command("FLUSHALL"));

    EXPECT_THAT(read(*here).value(), IsEmpty());
    EXPECT_TRUE(here->lost());
    append(*here, {"1"});
    EXPECT_THAT(read(*here).value(), ElementsAre("1"));
    EXPECT_FALSE(here->lost());
    EXPECT_THAT(read(*there).value(), ElementsAre("1"));
    EXPECT_TRUE(there->lost()) << "what it had read is gone, though another has begun anew";
}

TEST_F(ValkeyStoreTest, KeepsDocumentsOnAllMastersOfACluster) {
    testing_support::RedisCluster cluster;
    loop.on_loop([&] {
        store.reset();
        other.reset();
        return 0;
    });
    store = make_store(cluster.port(0));
    other = make_store(cluster.port(1));
    for (int i = 0; i < 12; ++i) {
        auto room = "room " + std::to_string(i);
        auto log = store->open(room), copy = other->open(room);
        EXPECT_THAT(read(*log).value(), IsEmpty());
        EXPECT_TRUE(append(*log, {"1"}));
        EXPECT_TRUE(append(*log, {"2"}));
        EXPECT_THAT(read(*copy).value(), ElementsAre("1", "2"));
        EXPECT_TRUE(compact(*log, {"12"}).value());
        EXPECT_TRUE(append(*log, {"3"}));
        EXPECT_THAT(read(*copy).value(), ElementsAre("3", "12"));
    }
}

TEST_F(ValkeyStoreTest, SaysWhenValkeyIsAwayAndGoesOnWhenItIsBack) {
    read(*here);
    append(*here, {"1"});
    redis.kill();
    EXPECT_FALSE(append(*here, {"2"}));
    auto failed = read(*there);
    ASSERT_FALSE(failed);
    EXPECT_FALSE(failed.error().what.empty());

    EXPECT_FALSE(here->outdated());
    redis.start();
    while (!append(*here, {"2"})) {
    }
    EXPECT_TRUE(here->outdated()) << "what was appended has gone to a server that may have lost the rest";
    auto again = read(*there);
    while (!again) again = read(*there);
    EXPECT_THAT(*again, ElementsAre("2")) << "this server keeps nothing over a restart";
    read(*here);
    EXPECT_TRUE(here->lost());
    EXPECT_FALSE(here->outdated());
}

}  // namespace seance::signaling::sync
