// Commands whose answers nobody needs: the server is asked to leave them out, and nothing else may change by
// it.
#include <gtest/gtest.h>

#include <charconv>

#include "core/runtime/wait.hpp"
#include "store/valkey/client.hpp"
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

constexpr std::array<std::string_view, 2> kCount{"INCR", "n"};
constexpr std::array<std::string_view, 3> kPublish{"PUBLISH", "a", "x"};
constexpr int kMany = 5000;

// The first ask whether the server may be silent; what has an answer after them comes after their answers.
Awaitable<void> begin(Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(5s));
    EXPECT_TRUE(client.post_unanswered(kCount));
    auto barrier = co_await client.command("PING");
    EXPECT_TRUE(barrier);
}

Awaitable<std::uint64_t> bytes_sent_by(Client& other) {
    auto info = co_await other.command("INFO", "stats");
    const std::string name = "total_net_output_bytes:";
    std::uint64_t bytes = 0;
    if (info) {
        const auto* digits = info->text.data() + info->text.find(name) + name.size();
        std::from_chars(digits, info->text.data() + info->text.size(), bytes);
    }
    co_return bytes;
}

Awaitable<void> expect_silence(Client& client, Client& other) {
    co_await begin(client);
    const auto before = co_await bytes_sent_by(other);
    for (int i = 0; i < kMany; ++i) EXPECT_TRUE(client.post_unanswered(kCount));
    auto count = co_await client.command("GET", "n");
    EXPECT_TRUE(count && count->text == std::to_string(kMany + 1))
        << "each once, and the answers are in step";
    const auto after = co_await bytes_sent_by(other);
    EXPECT_LT(after - before, std::uint64_t{kMany}) << "an answer has four bytes or more";
    auto echo = co_await client.command("ECHO", "still in step");
    EXPECT_TRUE(echo && echo->text == "still in step");
}

Awaitable<void> expect_answers_in_step(Client& client) {
    co_await begin(client);
    for (int i = 0; i < kMany; ++i) EXPECT_TRUE(client.post_unanswered(kCount));
    auto count = co_await client.command("GET", "n");
    EXPECT_TRUE(count && count->text == std::to_string(kMany + 1));
    EXPECT_EQ(client.state().connections, 1u);
}

Awaitable<void> publish_until(Client& client, const int& refusals, int wanted) {
    auto began = Clock::now();
    while (refusals < wanted && Clock::now() - began < 5s) {
        client.post_unanswered(kPublish);
        co_await sleep_for(2ms);
    }
}

Awaitable<void> expect_refusals(Client& client, Client& other) {
    int refusals = 0;
    client.on_refusal([&](const Reply& reply) {
        EXPECT_TRUE(reply.text.starts_with("NOPERM")) << reply.text;
        ++refusals;
    });
    co_await begin(client);
    for (int i = 0; i < 100; ++i) client.post_unanswered(kPublish);
    auto barrier = co_await client.command("PING");
    EXPECT_EQ(refusals, 0);

    auto taken = co_await other.command("ACL", "SETUSER", "default", "-publish");
    EXPECT_TRUE(taken && taken->ok());
    co_await publish_until(client, refusals, 1);
    EXPECT_EQ(refusals, 1) << "noticed, though most have no answer";
    for (int i = 0; i < 100; ++i) client.post_unanswered(kPublish);
    barrier = co_await client.command("PING");
    EXPECT_GE(refusals, 100) << "and then each counts";

    auto given = co_await other.command("ACL", "SETUSER", "default", "+publish");
    EXPECT_TRUE(given && given->ok());
    client.post_unanswered(kPublish);
    barrier = co_await client.command("PING");
    const int all = refusals;
    for (int i = 0; i < 100; ++i) client.post_unanswered(kPublish);
    barrier = co_await client.command("PING");
    EXPECT_EQ(refusals, all);
    client.on_refusal(nullptr);
}

Awaitable<void> expect_loss_noticed(RedisServer& server, Client& client) {
    co_await begin(client);
    server.freeze();
    auto began = Clock::now();
    while (client.state().connected && Clock::now() - began < 5s) {
        client.post_unanswered(kCount);
        co_await sleep_for(2ms);
    }
    EXPECT_FALSE(client.state().connected);
    server.thaw();
    EXPECT_TRUE(co_await client.wait_connected(5s));
    co_await begin(client);
    auto echo = co_await client.command("ECHO", "in step");
    EXPECT_TRUE(echo && echo->text == "in step");
}

struct ValkeyUnanswered : testing::Test {
    RedisServer server;
    Loop loop;
};

}  // namespace

TEST_F(ValkeyUnanswered, SparesTheServerTheAnswersAndKeepsAllOthers) {
    Client client(loop, at(server.port()), quick()), other(loop, at(server.port()), quick());
    run(loop, expect_silence(client, other));
}

TEST_F(ValkeyUnanswered, TellsOfAServerThatBeginsToRefuse) {
    Client client(loop, at(server.port()), quick()), other(loop, at(server.port()), quick());
    run(loop, expect_refusals(client, other));
}

TEST_F(ValkeyUnanswered, NoticesAFrozenServerWhileItIsSentMore) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_loss_noticed(server, client));
}

TEST(ValkeyUnansweredLogin, TakesTheAnswersOfAServerThatMayNotBeSilent) {
    RedisServer server("", "user default on nopass ~* &* +@all -client|reply\n");
    Loop loop;
    Client client(loop, at(server.port()), quick());
    run(loop, expect_answers_in_step(client));
}

}  // namespace seance::valkey
