#include "store/valkey/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/valkey_options.hpp"

namespace seance::valkey {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using testing_support::at;
using testing_support::quick;
using testing_support::RedisServer;
using testing_support::run;

struct ValkeyClient : testing::Test {
    RedisServer server;
    Loop loop;
};

Awaitable<void> expect_round_trip(Client& client) {
    auto set = co_await client.command("SET", "k\0y"sv, "v\r\n\xff\0"sv);
    EXPECT_TRUE(set && set->ok());
    auto got = co_await client.command("GET", "k\0y"sv);
    EXPECT_TRUE(got && got->text == "v\r\n\xff\0"sv);
    auto absent = co_await client.command("GET", "none");
    EXPECT_TRUE(absent && absent->nil());
    auto wrong = co_await client.command("LPUSH", "k\0y"sv, "x");
    EXPECT_TRUE(wrong && wrong->failed());
    std::vector<std::string> words{"INCRBY", "n", "41"};
    auto number = co_await client.command(words);
    EXPECT_TRUE(number && number->integer == 41);
}

TEST_F(ValkeyClient, CarriesAnyBytesBothWays) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_round_trip(client));
}

Awaitable<void> expect_own(Client& client, std::string n, int& right) {
    auto reply = co_await client.command("ECHO", n);
    if (reply && reply->text == n) ++right;
}
Awaitable<void> expect_many(Loop& loop, Client& client, int count) {
    int right = 0;
    TaskGroup tasks(loop.executor());
    for (int i = 0; i < count; ++i) tasks.spawn(expect_own(client, std::to_string(i), right));
    co_await tasks.wait();
    EXPECT_EQ(right, count);
}

TEST_F(ValkeyClient, GivesEachOfManyCoroutinesItsOwnReply) {
    auto options = quick();
    options.command_timeout = options.connect_timeout = 10s;
    Client client(loop, at(server.port()), options);
    run(loop, expect_many(loop, client, 5000));
    EXPECT_EQ(client.state().connections, 1u);
}

Awaitable<void> expect_full_queue(Loop& loop, Client& client) {
    int right = 0;
    TaskGroup tasks(loop.executor());
    for (int i = 0; i < 20; ++i) tasks.spawn(expect_own(client, std::to_string(i), right));
    co_await tasks.wait();
    EXPECT_EQ(right, 10);
}

TEST_F(ValkeyClient, RefusesCommandsAboveItsQueue) {
    auto options = quick();
    options.max_waiting = 10;
    Client client(loop, at(server.port()), options);
    run(loop, expect_full_queue(loop, client));
}

Awaitable<void> expect_room_again(Client& client) {
    auto sent = co_await client.command("PING");
    EXPECT_TRUE(sent);
    EXPECT_TRUE(client.post({"SET", "a", std::string(1000, 'x')})) << "what was sent waits no more";
}

TEST_F(ValkeyClient, RefusesMoreBytesThanMayWaitButNotOneCommandAlone) {
    auto options = quick();
    options.max_waiting_bytes = 2500;
    Client client(loop, at(server.port()), options);
    EXPECT_TRUE(client.post({"SET", "a", std::string(1000, 'x')}));
    EXPECT_TRUE(client.post({"SET", "a", std::string(1000, 'x')}));
    EXPECT_FALSE(client.post({"SET", "a", std::string(1000, 'x')}));
    run(loop, expect_room_again(client));

    Client other(loop, at(server.port()), options);
    EXPECT_TRUE(other.post({"SET", "a", std::string(5000, 'x')}));
    EXPECT_FALSE(other.post({"PING"}));
}

Awaitable<void> expect_survival(RedisServer& server, Client& client) {
    auto first = co_await client.command("PING");
    EXPECT_TRUE(first) << first.error().message();

    server.kill();
    auto began = Clock::now();
    error_code error;
    do {  // the loss is noticed at once, but maybe not before the first command
        auto reply = co_await client.command("PING");
        error = reply ? error_code{} : reply.error();
    } while (error != Errc::NotConnected && Clock::now() - began < 2s);
    EXPECT_EQ(error, make_error_code(Errc::NotConnected));
    EXPECT_LT(Clock::now() - began, 1s);
    EXPECT_FALSE(client.state().connected);
    EXPECT_NE(client.state().last_error, "");

    server.start();
    EXPECT_TRUE(co_await client.wait_connected(5s));
    auto again = co_await client.command("PING");
    EXPECT_TRUE(again) << again.error().message();
    EXPECT_EQ(client.state().connections, 2u);
}

TEST_F(ValkeyClient, FailsFastWhileTheServerIsDeadAndComesBackWithIt) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_survival(server, client));
}

Awaitable<void> expect_deadline(RedisServer& server, Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(5s));

    server.freeze();
    auto began = Clock::now();
    auto reply = co_await client.command("PING");
    EXPECT_FALSE(reply);
    EXPECT_LT(Clock::now() - began, 1s);
    EXPECT_FALSE(client.state().connected);

    server.thaw();
    EXPECT_TRUE(co_await client.wait_connected(5s));
    auto again = co_await client.command("ECHO", "fresh");
    EXPECT_TRUE(again && again->text == "fresh");
}

TEST_F(ValkeyClient, GivesUpOnAFrozenServerAtTheDeadline) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_deadline(server, client));
}

// Commands that meet a pause longer than their deadline fail; the connection, and what is sent later, do not.
Awaitable<void> expect_pause_survived(RedisServer& server, Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(5s));
    server.freeze();
    auto late = co_await client.command("SET", "late", "carried out");
    EXPECT_TRUE(!late && late.error() == asio::error::timed_out);
    server.thaw();
    auto next = co_await client.command("GET", "late");
    EXPECT_TRUE(next && next->text == "carried out");
    EXPECT_EQ(client.state().connections, 1u);
}

TEST_F(ValkeyClient, KeepsTheConnectionOfAServerThatPauses) {
    auto options = quick();
    options.longest_silence = options.ping_interval = 10s;
    Client client(loop, at(server.port()), options);
    run(loop, expect_pause_survived(server, client));
}

Awaitable<void> expect_noticed(RedisServer& server, Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(5s));
    server.freeze();
    auto began = Clock::now();
    while (client.state().connected && Clock::now() - began < 5s) co_await sleep_for(10ms);
    EXPECT_FALSE(client.state().connected);
    server.thaw();
}

TEST_F(ValkeyClient, NoticesAFrozenServerWithoutAnyCommand) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_noticed(server, client));
}

Awaitable<void> expect_refusal(Client& client) {
    EXPECT_FALSE(co_await client.wait_connected(500ms));
    EXPECT_NE(client.state().last_error.find("refused AUTH"), std::string::npos) << client.state().last_error;
    EXPECT_EQ(client.state().last_error.find("wrong"), std::string::npos);
}
Awaitable<void> expect_database(Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(5s)) << client.state().last_error;
    auto info = co_await client.command("CLIENT", "INFO");
    EXPECT_TRUE(info && info->text.find(" db=3 ") != std::string::npos);
}

TEST(ValkeyClientLogin, SaysThatThePasswordWasRefused) {
    RedisServer server("right");
    Loop loop;
    Client client(loop, at(server.port(), "wrong"), quick());
    run(loop, expect_refusal(client));
}

TEST(ValkeyClientLogin, LogsInAndSelectsItsDatabase) {
    RedisServer server("right");
    Loop loop;
    auto address = at(server.port(), "right");
    address.database = 3;
    Client client(loop, address, quick());
    run(loop, expect_database(client));
}

Awaitable<void> expect_own_connection_needed(Client& client) {
    for (auto name : {"subscribe", "MULTI", "BLPOP"}) {
        auto reply = co_await client.command(name, "x");
        EXPECT_TRUE(!reply && reply.error() == Errc::OwnConnection) << name;
    }
}

TEST_F(ValkeyClient, RefusesCommandsThatWouldDisturbTheOthers) {
    Client client(loop, at(server.port()), quick());
    run(loop, expect_own_connection_needed(client));
}

Awaitable<void> leave_behind(std::unique_ptr<Client>& client, error_code& outcome) {
    auto reply = co_await client->command("PING");
    outcome = reply ? error_code{} : reply.error();
}
Awaitable<void> expect_abort(Loop& loop) {
    auto client = std::make_unique<Client>(loop, at(1), quick());
    error_code outcome;
    TaskGroup tasks(loop.executor());
    tasks.spawn(leave_behind(client, outcome));
    co_await sleep_for(1ms);
    client.reset();
    co_await tasks.wait();
    EXPECT_TRUE(outcome);
}

TEST(ValkeyClientEnd, FailsWhatStillWaits) {
    Loop loop;
    run(loop, expect_abort(loop));
}

}  // namespace
}  // namespace seance::valkey
