#include "services/signaling/sync/answer_allowance.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {
using namespace std::chrono_literals;

TEST(AnswerAllowance, GivesTenSecondsWorthAtOnceAndThenByTheSecond) {
    AnswerAllowance allowance;
    const Instant start{1000h};
    EXPECT_TRUE(allowance.left(1000, start));
    allowance.spend(9'999);
    EXPECT_TRUE(allowance.left(1000, start));
    allowance.spend(1);
    EXPECT_FALSE(allowance.left(1000, start));

    EXPECT_TRUE(allowance.left(1000, start + 1ms));
    allowance.spend(1000);
    EXPECT_FALSE(allowance.left(1000, start + 1000ms));
    EXPECT_TRUE(allowance.left(1000, start + 1001ms));
}

TEST(AnswerAllowance, LendsWhatALargeDocumentTakesAndHasItBackWithTime) {
    AnswerAllowance allowance;
    const Instant start{1000h};
    EXPECT_TRUE(allowance.left(1000, start));
    allowance.spend(50'000);

    EXPECT_FALSE(allowance.left(1000, start + 39s));
    EXPECT_TRUE(allowance.left(1000, start + 41s));
}

}  // namespace seance::signaling::sync
