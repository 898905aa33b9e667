#include "services/litellm/routing/counters.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "services/litellm/routing/state.hpp"

namespace seance::litellm {

using std::chrono::seconds;

namespace {
const Instant t0{std::chrono::hours(1000)};
}

TEST(MinuteCounter, BeginsAnewWithEachMinute) {
    MinuteCounter counter;
    EXPECT_EQ(counter.add(7, 3), 3u);
    EXPECT_EQ(counter.add(7), 4u);
    EXPECT_EQ(counter.read(7), 4u);
    EXPECT_EQ(counter.read(8), 0u);
    EXPECT_EQ(counter.add(8, 2), 2u);
    EXPECT_EQ(counter.read(7), 0u);
    counter.take_back(8, 5);
    EXPECT_EQ(counter.read(8), 0u) << "never below zero";
}

TEST(MinuteCounter, IsExactOverThreads) {
    MinuteCounter counter;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 20'000; ++k) counter.add(9);
        });
    for (auto& thread : threads) thread.join();

    EXPECT_EQ(counter.read(9), 80'000u);
}

TEST(LatencySamples, AreTheLastFewAndForgottenAfterAWhile) {
    LatencySamples samples(3);
    EXPECT_FALSE(samples.mean(t0, seconds(60)));
    for (double value : {100.0, 1.0, 2.0, 3.0}) samples.add(value, t0);
    EXPECT_DOUBLE_EQ(samples.mean(t0, seconds(60)).value(), 2.0);
    EXPECT_FALSE(samples.mean(t0 + seconds(62), seconds(60)));
}

TEST(SpendWindow, BeginsWithTheFirstSpendingAndEndsAfterItsPeriod) {
    SpendWindow spend;
    spend.add(1.5, t0, seconds(60));
    spend.add(0.5, t0 + seconds(59), seconds(60));
    EXPECT_DOUBLE_EQ(spend.read(t0 + seconds(59)), 2.0);
    EXPECT_DOUBLE_EQ(spend.read(t0 + seconds(60)), 0.0);
    spend.add(0.25, t0 + seconds(61), Duration{0});
    EXPECT_DOUBLE_EQ(spend.read(t0 + std::chrono::hours(9)), 0.25) << "no period: never";
}

TEST(SpendWindow, IsCountedTogetherWithOthers) {
    SpendWindow spend;
    spend.add(1.0, t0, seconds(60));
    EXPECT_DOUBLE_EQ(spend.take_untold(), 1.0);
    spend.add(0.5, t0, seconds(60));  // while the others are asked

    spend.learn(7.0, t0 + seconds(10));

    EXPECT_DOUBLE_EQ(spend.read(t0 + seconds(9)), 7.5);
    EXPECT_DOUBLE_EQ(spend.read(t0 + seconds(10)), 0.0);
    EXPECT_DOUBLE_EQ(spend.take_untold(), 0.5);
    spend.put_back(0.5);
    EXPECT_DOUBLE_EQ(spend.take_untold(), 0.5);
}

TEST(DeploymentState, CoolsDownUntilTheLatestEnd) {
    DeploymentState state;
    EXPECT_TRUE(state.cool_down(t0 + seconds(5), t0));
    EXPECT_FALSE(state.cool_down(t0 + seconds(2), t0)) << "cooling already";
    EXPECT_TRUE(state.cooling(t0 + seconds(4)));
    EXPECT_FALSE(state.cooling(t0 + seconds(5)));
}

}  // namespace seance::litellm
