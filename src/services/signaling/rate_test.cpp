#include "services/signaling/rate.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
using namespace std::chrono_literals;

TEST(Rate, AllowsABurstOfTwoSecondsAndThenSoManyASecond) {
    Rate rate;
    const Instant start{1000h};
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(rate.take(10, start)) << i;
    EXPECT_FALSE(rate.take(10, start));

    EXPECT_FALSE(rate.take(10, start + 99ms));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(10, start + 1001ms)) << i;
    EXPECT_FALSE(rate.take(10, start + 1001ms));
}

TEST(Rate, ForgivesWithSilence) {
    Rate rate;
    const Instant start{1000h};
    for (int i = 0; i < 20; ++i) rate.take(10, start);

    for (int i = 0; i < 20; ++i) EXPECT_TRUE(rate.take(10, start + 1h)) << i;
    EXPECT_FALSE(rate.take(10, start + 1h));
}

}  // namespace seance::signaling
