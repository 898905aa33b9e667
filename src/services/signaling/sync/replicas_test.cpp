#include "services/signaling/sync/replicas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/runtime/wait.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/valkey_options.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing_support::at;
using testing_support::RawClient;
using testing_support::RedisServer;
using testing_support::run;

struct Heard final : Replicas::Owner {
    void on_listening(const std::string&) override { ++listening; }
    void on_message(const std::string&, std::string_view message) override { messages.emplace_back(message); }
    void on_more_in_log(const std::string&) override { ++more; }
    int listening = 0, more = 0;
    std::vector<std::string> messages;
};

template <class Condition>
Awaitable<bool> comes_true(Condition condition) {
    auto began = Clock::now();
    while (!condition() && Clock::now() - began < 10s) co_await sleep_for(2ms);
    co_return condition();
}

struct SyncReplicasTest : testing::Test {
    RedisServer server;
    Loop loop;
    Heard ann_heard, bob_heard;
    Replicas ann{loop, at(server.port()), "test:", ann_heard},
        bob{loop, at(server.port()), "test:", bob_heard};
};

Awaitable<void> open_both(SyncReplicasTest& test) {
    test.ann.open("room");
    test.bob.open("room");
    auto listening = [&] { return test.ann_heard.listening == 1 && test.bob_heard.listening == 1; };
    EXPECT_TRUE(co_await comes_true(listening));
}

Awaitable<void> expect_messages(SyncReplicasTest& test) {
    co_await open_both(test);
    test.ann.spread("room", "news");
    test.ann.spread("room", std::string(1 << 20, 'x'));
    test.ann.spread("another room", "unheard");
    auto heard = [&] { return test.bob_heard.more == 1; };
    EXPECT_TRUE(co_await comes_true(heard));
    EXPECT_THAT(test.bob_heard.messages, ElementsAre("news"));
    EXPECT_TRUE(test.ann_heard.messages.empty());
}

TEST_F(SyncReplicasTest, HearMessagesAndOfLogsThatHaveMore) {
    run(loop, expect_messages(*this));
}

// Bob goes on listening; what Ann publishes meets the end of her connection.
Awaitable<void> expect_log_read(SyncReplicasTest& test) {
    co_await open_both(test);
    RawClient killer(test.server.port());
    killer.sends("CLIENT KILL TYPE normal\r\n");
    killer.receives_until("\r\n");
    test.ann.spread("room", "lost");
    auto told = [&] { return test.bob_heard.more > 0; };
    EXPECT_TRUE(co_await comes_true(told));
    EXPECT_TRUE(test.bob_heard.messages.empty());

    test.ann.spread("room", "heard");
    auto heard = [&] { return !test.bob_heard.messages.empty(); };
    EXPECT_TRUE(co_await comes_true(heard));
    EXPECT_THAT(test.bob_heard.messages, ElementsAre("heard"));
    EXPECT_EQ(test.bob_heard.more, 1);
}

TEST_F(SyncReplicasTest, AreToldToReadTheLogIfSomethingCouldNotBeSaid) {
    run(loop, expect_log_read(*this));
}

}  // namespace
}  // namespace seance::signaling::sync
