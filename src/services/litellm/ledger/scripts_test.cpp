#include "services/litellm/ledger/scripts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/runtime/wait.hpp"
#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/ledger/store.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/run.hpp"

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// The scripts in a real Valkey.
struct Scripts : testing::Test {
    testing_support::RedisServer server;
    Loop loop;
    std::unique_ptr<Store> store = [this] {
        StoreAddress address;
        address.server.host = "127.0.0.1";
        address.server.port = server.port();
        return std::make_unique<Store>(loop, address, 5s);
    }();

    // The texts and numbers of the answer.
    Awaitable<void> call(const Script& script, Words keys, Words arguments, Words& answer) {
        auto reply = co_await store->run(script, std::move(keys), std::move(arguments));
        EXPECT_TRUE(reply) << reply.error().message();
        answer.clear();
        if (!reply) co_return;
        auto print = [&](const valkey::Reply& one) {
            answer.push_back(one.kind == valkey::Reply::Kind::Integer ? std::to_string(one.integer)
                                                                      : one.text);
        };
        if (reply->list.empty()) print(*reply);
        for (auto& one : reply->list) print(one);
    }
    Words run(const Script& script, Words arguments) {
        Words answer;
        testing_support::run(loop, call(script, {}, std::move(arguments), answer));
        return answer;
    }
    Awaitable<void> ask(Words words, std::string& answer) {
        auto reply = co_await store->command(std::move(words));
        EXPECT_TRUE(reply);
        if (reply)
            answer =
                reply->kind == valkey::Reply::Kind::Integer ? std::to_string(reply->integer) : reply->text;
    }
    std::string ask(Words words) {
        std::string answer;
        testing_support::run(loop, ask(std::move(words), answer));
        return answer;
    }

    // One purse "p" with a budget, and no windows.
    Words admit(std::string lease, std::string amount, std::string budget, std::string lease_ms = "60000",
                std::string parallel = "", std::string period = "", std::string until = "") {
        return run(admit_script(),
                   {"0", std::move(lease), std::move(amount), std::move(lease_ms), "60000", "1", "0",
                    std::move(until), "p", std::move(budget), std::move(parallel), std::move(period)});
    }
    Words settle(std::string writer, Words entries) {
        Words arguments{std::move(writer), "1000"};
        arguments.insert(arguments.end(), entries.begin(), entries.end());
        return run(settle_script(), std::move(arguments));
    }
    std::string field(std::string name) { return ask({"HGET", "litellm:purse:p", std::move(name)}); }
};

TEST_F(Scripts, ReserveUntilTheLimitIsReachedAndRefuseThen) {
    EXPECT_EQ(admit("a", "60", "100")[0], "ok");
    EXPECT_EQ(admit("b", "60", "100")[0], "ok") << "a key with money left may start one call";

    auto refused = admit("c", "60", "100");

    EXPECT_EQ(refused[0], "budget");
    EXPECT_EQ(refused[2], "120");
    EXPECT_EQ(field("reserved"), "120");
}

TEST_F(Scripts, TellWhatEachPurseHasSpentWhereTheyRefuse) {
    auto call = [&](std::string budget, std::string parallel, std::string window) {
        return run(admit_script(), {"0", "l", "0", "60000", "60000", "2", "1", "", "p", std::move(budget),
                                    std::move(parallel), "", "q", "", "", "", "w", std::move(window), "1"});
    };

    ASSERT_EQ(call("", "", "9")[0], "ok") << "both purses are there";
    settle("w", {"1", R"({"l":"a","a":"0","o":[],"p":["p","q"],"c":"7"})", ""});

    for (auto& refused : {call("5", "", "1"), call("", "0", "1"), call("", "", "0")}) {
        ASSERT_EQ(refused.size(), 6u) << refused[0];
        EXPECT_EQ(refused[4], "7") << refused[0];
        EXPECT_EQ(refused[5], "7") << refused[0] << ": also of one that stands behind the one that refuses";
    }
}

TEST_F(Scripts, SettleToTheRealCostAndOnlyOnce) {
    admit("a", "60", "100");
    Words entry{
        "1",
        R"({"l":"a","a":"60","o":["p"],"p":["p"],"c":"7","d":"2026-11-25","g":["all|"],"i":3,"t":4,"f":0,"h":0})",
        R"({"spend":7})"};

    EXPECT_EQ(settle("w", entry)[0], "1");
    EXPECT_EQ(settle("w", entry)[0], "1") << "sent again, since its answer was lost";

    EXPECT_EQ(field("spend"), "7");
    EXPECT_EQ(field("reserved"), "0");
    EXPECT_EQ(ask({"XLEN", "litellm:spend"}), "1");
    EXPECT_EQ(ask({"HGET", "litellm:day:2026-11-25", "all||i"}), "3");
    entry[0] = "2";
    EXPECT_EQ(settle("other", entry)[0], "2") << "another writer has numbers of its own";
    EXPECT_EQ(field("spend"), "14");
}

TEST_F(Scripts, SettleABatchAsOneAfterTheOther) {
    admit("a", "60", "100");
    admit("b", "30", "100");
    auto entry = [](const char* lease, const char* amount, const char* cost, const char* purse, int tokens) {
        return fmt::format(R"({{"l":"{}","a":"{}","o":["p"],"p":["{}","gone"],"c":"{}","k":"{}","m":"gpt",)"
                           R"("d":"2026-11-25","g":["all|","model|gpt"],"i":{},"t":0,"f":1,"h":0}})",
                           lease, amount, purse, cost, purse, tokens);
    };

    settle("w",
           {"1", entry("a", "60", "7", "p", 3), R"({"spend":7})", "2", entry("b", "30", "5", "global", 4),
            R"({"spend":5})", "3", entry("unknown", "8", "9007199254740", "p", 0), ""});

    EXPECT_EQ(field("spend"), "9007199254747");
    EXPECT_EQ(field("m:gpt"), field("spend"));
    EXPECT_EQ(field("reserved"), "0");
    EXPECT_EQ(ask({"HGET", "litellm:purse:global", "total"}), "5") << "it comes to be when first charged";
    EXPECT_EQ(ask({"EXISTS", "litellm:purse:gone"}), "0") << "one that was removed does not come back";
    auto day = [&](const char* name) { return ask({"HGET", "litellm:day:2026-11-25", name}); };
    EXPECT_EQ(day("all||s"), "9007199254752");
    EXPECT_EQ(day("model|gpt|r"), "3");
    EXPECT_EQ(day("all||i"), "7");
    EXPECT_EQ(day("all||t"), "") << "nothing is said of what there was none of";
    EXPECT_EQ(day("all||f"), "3");
    EXPECT_EQ(ask({"ZCARD", "litellm:days"}), "1");
    EXPECT_EQ(ask({"XLEN", "litellm:spend"}), "2");
}

TEST_F(Scripts, GiveBackWhatADeadProcessHeldAndNotMore) {
    admit("dead", "60", "100", "1");
    while (ask({"ZCOUNT", "litellm:purse:p:open", "-inf", std::to_string(unix_ms() - 1)}) != "1") {
    }

    EXPECT_EQ(admit("alive", "50", "100")[0], "ok");

    EXPECT_EQ(field("reserved"), "50");
    settle("w", {"1", R"({"l":"dead","a":"60","o":["p"],"p":["p"],"c":"7"})", ""});
    EXPECT_EQ(field("reserved"), "50") << "its lease was given back before";
    EXPECT_EQ(field("spend"), "7");
}

TEST_F(Scripts, BringBackALeaseThatRanOutWhileItsCallRuns) {
    admit("slow", "60", "100", "1");
    while (admit("x", "0", "1000", "1")[0] != "ok" || field("reserved") != "0") {
    }

    run(renew_script(), {"60000", "p", "slow", "60"});
    run(renew_script(), {"60000", "p", "slow", "60"});

    EXPECT_EQ(field("reserved"), "60");
}

TEST_F(Scripts, CountParallelCallsAndTakeNothingWhenTheyRefuse) {
    EXPECT_EQ(admit("a", "5", "100", "60000", "1")[0], "ok");

    EXPECT_EQ(admit("b", "5", "100", "60000", "1")[0], "parallel");

    EXPECT_EQ(field("reserved"), "5");
    settle("w", {"1", R"({"l":"a","a":"5","o":["p"],"p":["p"],"c":"0"})", ""});
    EXPECT_EQ(admit("c", "5", "100", "60000", "1")[0], "ok");
}

TEST_F(Scripts, RefuseAtOneWindowWithoutTakingFromAnother) {
    auto call = [&] {
        return run(admit_script(),
                   {"0", "l", "0", "60000", "60000", "0", "2", "", "wide", "10", "1", "narrow", "1", "1"});
    };
    EXPECT_EQ(call()[0], "ok");

    auto refused = call();

    EXPECT_EQ(refused[0], "window");
    EXPECT_EQ(refused[1], "2");
    EXPECT_EQ(ask({"HGET", "litellm:win:wide", "n"}), "1");
}

TEST_F(Scripts, SayThatRecordsChangedBeforeTheyTakeAnything) {
    ask({"SET", "litellm:version", "3"});

    EXPECT_EQ(admit("a", "60", "100")[0], "stale");
    EXPECT_EQ(ask({"EXISTS", "litellm:purse:p"}), "0");
}

TEST_F(Scripts, TakeNothingForACallerThatHasGivenUp) {
    auto now = std::stoll(admit("a", "60", "100")[1]);

    auto late = admit("b", "60", "100", "60000", "", "", std::to_string(now - 1));
    EXPECT_EQ(late[0], "late");
    EXPECT_GE(std::stoll(late[1]), now);
    EXPECT_EQ(field("reserved"), "60");

    EXPECT_EQ(admit("c", "60", "100", "60000", "", "", std::to_string(now + 60'000))[0], "ok");
}

TEST_F(Scripts, ResetByCalendarMonthsAsTheGatewayShowsIt) {
    auto now = unix_ms();
    for (auto day : {"2020-01-31T12:00:00Z", "2023-12-31T23:59:59.999Z", "2024-02-29T00:00:00Z",
                     "2025-03-30T08:00:00Z", "1999-12-01T00:00:01Z"})
        for (int months : {1, 2, 3, 12}) {
            auto at = *parse_time(day);
            ask({"HSET", "litellm:purse:p", "spend", "50", "reset_at", std::to_string(at), "period",
                 fmt::format("m{}", months)});

            EXPECT_EQ(admit("a", "0", "10")[0], "ok") << "the spend of the month before does not count";

            EXPECT_EQ(field("reset_at"), std::to_string(next_reset({0, months}, at, now)))
                << day << " " << months;
            EXPECT_EQ(field("spend"), "0");
        }
}

TEST_F(Scripts, ChargeACallThatRanThroughAResetToTheNewPeriodAlone) {
    EXPECT_EQ(admit("a", "60", "100", "60000", "", "d86400")[0], "ok");
    ask({"HSET", "litellm:purse:p", "spend", "40", "reset_at", std::to_string(unix_ms() - 1), "period",
         "d86400"});

    settle("w", {"1", R"({"l":"a","a":"60","o":["p"],"p":["p"],"c":"7"})", ""});

    EXPECT_EQ(field("spend"), "7") << "the 40 are of the period before";
    EXPECT_EQ(field("reserved"), "0");
    EXPECT_GT(std::stoll(field("reset_at")), unix_ms());
}

TEST_F(Scripts, KeepAWindowWhoseClockStepsBack) {
    auto later = unix_ms() + 30'000;
    ask({"HSET", "litellm:win:narrow", "n", "1", "s", std::to_string(later)});

    auto refused = run(admit_script(), {"0", "l", "0", "60000", "60000", "0", "1", "", "narrow", "1", "1"});

    EXPECT_EQ(refused[0], "window");
    EXPECT_LT(std::stoll(refused[3]), later + 60'000);
}

}  // namespace
}  // namespace seance::litellm
