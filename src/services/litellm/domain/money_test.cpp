#include "services/litellm/domain/money.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace seance::litellm {
namespace {

TEST(Money, PrintsEveryDigitAndNoExponent) {
    EXPECT_EQ(print_usd(0), "0");
    EXPECT_EQ(print_usd(1), "0.000000001");
    EXPECT_EQ(print_usd(-500'000'000), "-0.5");
    EXPECT_EQ(print_usd(12'000'000'000), "12");
}

TEST(Money, RoundsToTheNearestUnit) {
    EXPECT_EQ(to_nanos(0.1), 100'000'000);
    EXPECT_EQ(to_nanos(1.5e-9), 2);
    EXPECT_EQ(to_picos(7.5e-8), 75'000);
    EXPECT_EQ(to_nanos(std::nan("")), std::nullopt);
    EXPECT_EQ(to_nanos(1e12), std::nullopt);
}

}  // namespace
}  // namespace seance::litellm
