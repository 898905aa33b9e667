#include "store/valkey/subscriber.hpp"

#include <gtest/gtest.h>

#include "core/runtime/wait.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/valkey_options.hpp"

namespace seance::valkey {
namespace {

using namespace std::chrono_literals;
using testing_support::at;
using testing_support::quick;
using testing_support::RedisServer;
using testing_support::run;

struct Diary final : Subscriber::Listener {
    void on_connected() override { lines.push_back("connected"); }
    void on_subscribed(std::string_view channel) override { lines.push_back("in " + std::string(channel)); }
    void on_message(std::string_view channel, std::string_view payload) override {
        lines.push_back(std::string(channel) + ": " + std::string(payload));
    }
    void on_lost() override { lines.push_back("lost"); }

    std::size_t count(std::string_view line) const {
        return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
    }
    std::vector<std::string> lines;
};

Awaitable<bool> sees(Diary& diary, std::string line, std::size_t times = 1) {
    auto began = Clock::now();
    while (diary.count(line) < times && Clock::now() - began < 5s) co_await sleep_for(2ms);
    co_return diary.count(line) == times;
}

struct SubscriberTest : testing::Test {
    RedisServer server;
    Loop loop;
    Diary diary;
};

Awaitable<void> expect_messages(Diary& diary, Subscriber& subscriber, Client& client) {
    EXPECT_TRUE(co_await sees(diary, "in a"));
    client.post({"PUBLISH", "a", "1"});
    client.post({"PUBLISH", "b", "nobody"});
    std::int64_t receivers = -1;
    Client::OnReply count = [&](const Result<Reply>& reply) { receivers = reply ? reply->integer : -2; };
    client.post({"PUBLISH", "a", "2"}, count);
    EXPECT_TRUE(co_await sees(diary, "a: 2"));
    auto barrier = co_await client.command("PING");
    EXPECT_EQ(receivers, 1);

    subscriber.unsubscribe("a");
    subscriber.subscribe("c");
    EXPECT_TRUE(co_await sees(diary, "in c"));
    client.post({"PUBLISH", "a", "3"});
    client.post({"PUBLISH", "c", "4"});
    EXPECT_TRUE(co_await sees(diary, "c: 4"));
    std::vector<std::string> all{"connected", "in a", "a: 1", "a: 2", "in c", "c: 4"};
    EXPECT_EQ(diary.lines, all);
}

}  // namespace

TEST_F(SubscriberTest, HearsItsChannelsInOrderAndNoOthers) {
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Plain, quick());
    Client client(loop, at(server.port()), quick());
    subscriber.subscribe("a");

    run(loop, expect_messages(diary, subscriber, client));
}

namespace {

Awaitable<void> expect_one_confirmation(Diary& diary, Subscriber& subscriber) {
    EXPECT_TRUE(co_await sees(diary, "connected"));
    for (int i = 0; i < 3; ++i) {
        subscriber.subscribe("a");
        subscriber.unsubscribe("a");
    }
    subscriber.subscribe("a");
    subscriber.subscribe("b");
    EXPECT_TRUE(co_await sees(diary, "in b"));
    EXPECT_EQ(diary.count("in a"), 1u) << "the earlier answers are followed by an end";
}

}  // namespace

TEST_F(SubscriberTest, IsInAChannelThatItLeftAndJoinedAgainAfterTheLastAnswer) {
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Plain, quick());

    run(loop, expect_one_confirmation(diary, subscriber));
}

namespace {

Awaitable<void> expect_return(RedisServer& server, Diary& diary, Subscriber& subscriber, Client& client) {
    EXPECT_TRUE(co_await sees(diary, "in a"));
    server.kill();
    EXPECT_TRUE(co_await sees(diary, "lost"));
    EXPECT_FALSE(subscriber.connected());
    for (int i = 0; i < 1200; ++i) subscriber.subscribe("while away " + std::to_string(i));

    server.start();
    EXPECT_TRUE(co_await sees(diary, "in a", 2));
    EXPECT_TRUE(co_await sees(diary, "in while away 1199"));
    EXPECT_TRUE(co_await client.wait_connected(5s));
    auto published = co_await client.command("PUBLISH", "a", "again");
    EXPECT_TRUE(published && published->integer == 1);
    EXPECT_TRUE(co_await sees(diary, "a: again"));
}

}  // namespace

TEST_F(SubscriberTest, AsksForItsChannelsAgainAfterALoss) {
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Plain, quick());
    Client client(loop, at(server.port()), quick());
    subscriber.subscribe("a");

    run(loop, expect_return(server, diary, subscriber, client));
}

namespace {

Awaitable<void> expect_noticed(RedisServer& server, Diary& diary) {
    EXPECT_TRUE(co_await sees(diary, "in a"));
    server.freeze();
    EXPECT_TRUE(co_await sees(diary, "lost"));
    server.thaw();
    EXPECT_TRUE(co_await sees(diary, "in a", 2));
}
Awaitable<void> expect_quiet(Diary& diary) {
    EXPECT_TRUE(co_await sees(diary, "connected"));
    co_await sleep_for(1s);
    EXPECT_EQ(diary.count("lost"), 0u);
}

}  // namespace

TEST_F(SubscriberTest, NoticesAFrozenServer) {
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Plain, quick());
    subscriber.subscribe("a");

    run(loop, expect_noticed(server, diary));
}

TEST_F(SubscriberTest, KeepsAQuietConnection) {
    Subscriber without(loop, at(server.port()), diary, Channels::Plain, quick());

    run(loop, expect_quiet(diary));
}

namespace {

// Of sizes around those of its buffer, with line ends in them, and answers of other kinds in between.
Awaitable<void> expect_sizes(Diary& diary, Subscriber& subscriber, Client& client) {
    EXPECT_TRUE(co_await sees(diary, "in a"));
    std::vector<std::string> expected{"connected", "in a"};
    for (std::size_t size : {1, 8100, 8192, 16300, 16384, 16400, 50'000, 1'000'000, 2}) {
        for (std::size_t i = 0; i < 40; ++i) {
            std::string text = std::to_string(size) + "/" + std::to_string(i) +
                               std::string(i % 2 == 0 ? size : i, 'x') + "\r\n$1\r\n";
            client.post({"PUBLISH", "a", text});
            expected.push_back("a: " + text);
        }
        auto published = co_await client.command("PING");
        EXPECT_TRUE(published);
        EXPECT_TRUE(co_await sees(diary, expected.back()));
        auto other = "other " + std::to_string(size);
        subscriber.subscribe(other);
        client.post({"PUBLISH", "a", other});
        EXPECT_TRUE(co_await sees(diary, "in " + other));
        EXPECT_TRUE(co_await sees(diary, "a: " + other));
        std::erase(diary.lines, "in " + other);  // before or after the message
        expected.push_back("a: " + other);
    }
    EXPECT_EQ(diary.lines, expected);
}

}  // namespace

TEST_F(SubscriberTest, HearsMessagesOfAnySizeWhole) {
    auto options = quick();
    options.command_timeout = options.longest_silence = 10s;
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Plain, options);
    Client client(loop, at(server.port()), options);
    subscriber.subscribe("a");

    run(loop, expect_sizes(diary, subscriber, client));
}

TEST_F(SubscriberTest, HearsShardedChannels) {
    Subscriber subscriber(loop, at(server.port()), diary, Channels::Sharded, quick());
    Client client(loop, at(server.port()), quick());
    subscriber.subscribe("a");
    auto expect = [](Diary& lines, Client& publisher) -> Awaitable<void> {
        EXPECT_TRUE(co_await sees(lines, "in a"));
        publisher.post({"SPUBLISH", "a", "1"});
        EXPECT_TRUE(co_await sees(lines, "a: 1"));
    };

    run(loop, expect(diary, client));
}

}  // namespace seance::valkey
