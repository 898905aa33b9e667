#include "services/litellm/domain/breaker.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

// Calls one after the other, each of which waits 50 ms in vain.
Instant fail(Breaker& breaker, Instant now, int count) {
    for (int i = 0; i < count; ++i, now += 50ms) breaker.failed(now, now + 50ms);
    return now;
}

TEST(Breaker, OpensAfterThreeFailuresInARowAndLetsOneProbeThrough) {
    Breaker breaker;
    auto now = fail(breaker, Instant{} + 1s, 2);
    breaker.succeeded();
    now = fail(breaker, now, 2);
    EXPECT_TRUE(breaker.allow(now));
    now = fail(breaker, now, 1);

    EXPECT_FALSE(breaker.allow(now + 99ms));
    EXPECT_TRUE(breaker.allow(now + 100ms));
    EXPECT_FALSE(breaker.allow(now + 101ms));

    breaker.succeeded();
    EXPECT_TRUE(breaker.allow(now + 101ms));
}

TEST(Breaker, CountsCallsThatFailTogetherOnce) {
    Breaker breaker;
    auto now = Instant{} + 1s;
    for (int i = 0; i < 64; ++i) breaker.failed(now + i * 1us, now + 50ms + i * 1us);
    EXPECT_TRUE(breaker.allow(now + 51ms));
    EXPECT_FALSE(breaker.open());
}

TEST(Breaker, PausesNoLongerForCallsThatWereUnderWayWhenItOpened) {
    Breaker breaker;
    auto before = Instant{} + 1s;
    auto now = fail(breaker, before, 3);
    for (int i = 0; i < 64; ++i) breaker.failed(now - 1ms, now + 10ms);

    EXPECT_TRUE(breaker.allow(now + 100ms));
}

TEST(Breaker, ProbesLessOftenTheLongerAnOutageLasts) {
    Breaker breaker;
    auto now = fail(breaker, Instant{} + 1s, 3);
    auto pauses = {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms};
    for (auto pause : pauses) {
        EXPECT_FALSE(breaker.allow(now + pause - 1ms));
        ASSERT_TRUE(breaker.allow(now + pause));
        now = fail(breaker, now + pause, 1);
    }
}

TEST(Breaker, LetsAnotherProbeThroughWhenOneNeverReports) {
    Breaker breaker;
    auto now = fail(breaker, Instant{} + 1s, 3) + 100ms;
    EXPECT_TRUE(breaker.allow(now));
    EXPECT_FALSE(breaker.allow(now + 199ms));
    EXPECT_TRUE(breaker.allow(now + 200ms));
}

}  // namespace
}  // namespace seance::litellm
