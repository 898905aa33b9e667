#include "services/litellm/domain/breaker.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

TEST(Breaker, OpensAfterFiveFailuresInARowAndLetsOneProbeThrough) {
    Breaker breaker;
    Instant now{};
    for (int i = 0; i < 4; ++i) breaker.failed(now);
    breaker.succeeded();
    for (int i = 0; i < 4; ++i) breaker.failed(now);
    EXPECT_TRUE(breaker.allow(now));
    breaker.failed(now);

    EXPECT_FALSE(breaker.allow(now + 99ms));
    EXPECT_TRUE(breaker.allow(now + 100ms));
    EXPECT_FALSE(breaker.allow(now + 101ms));

    breaker.succeeded();
    EXPECT_TRUE(breaker.allow(now + 101ms));
}

TEST(Breaker, ProbesLessOftenTheLongerAnOutageLasts) {
    Breaker breaker;
    Instant now{};
    for (int i = 0; i < 5; ++i) breaker.failed(now);
    breaker.failed(now += 100ms);

    EXPECT_FALSE(breaker.allow(now + 199ms));
    EXPECT_TRUE(breaker.allow(now + 200ms));
}

}  // namespace
}  // namespace seance::litellm
