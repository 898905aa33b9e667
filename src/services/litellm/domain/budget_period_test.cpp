#include "services/litellm/domain/budget_period.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

TEST(BudgetPeriod, ReadsEachUnitAndNothingElse) {
    EXPECT_EQ(read_period("30s")->seconds, 30);
    EXPECT_EQ(read_period("2w")->seconds, 1209600);
    EXPECT_EQ(read_period("1mo")->months, 1);
    for (auto wrong : {"", "d", "0d", "1y", "-1d", "1.5h", "999999999w"})
        EXPECT_FALSE(read_period(wrong)) << wrong;
}

TEST(BudgetPeriod, ResetsAtTheFirstMultipleAfterNow) {
    EXPECT_EQ(next_reset({10, 0}, 1000, 1000), 11000);
    EXPECT_EQ(next_reset({10, 0}, 1000, 35999), 41000);
    EXPECT_EQ(next_reset({10, 0}, 5000, 1000), 5000);
}

TEST(BudgetPeriod, ResetsByCalendarMonthAndOnTheLastDayOfAShortOne) {
    auto january = *parse_time("2027-01-31T10:00:00Z");
    EXPECT_EQ(print_time(next_reset({0, 1}, january, january)), "2027-02-28T10:00:00.000Z");
    EXPECT_EQ(print_time(next_reset({0, 1}, january, *parse_day("2027-03-15"))), "2027-03-31T10:00:00.000Z");
}

TEST(UnixMs, GoesToTextAndBack) {
    EXPECT_EQ(print_time(*parse_time("2026-11-25T14:08:26.123Z")), "2026-11-25T14:08:26.123Z");
    EXPECT_EQ(parse_time("2026-11-25T14:08:26+00:00"), parse_time("2026-11-25 14:08:26.000"));
    EXPECT_EQ(print_day(*parse_day("2024-02-29")), "2024-02-29");
    for (auto wrong : {"", "2026-13-01", "2026-02-30", "2026-11-25T25:00:00Z", "2026-11-25T10:00:00+02:00"})
        EXPECT_FALSE(parse_time(wrong)) << wrong;
}

}  // namespace
}  // namespace seance::litellm
