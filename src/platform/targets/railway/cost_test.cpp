#include "platform/targets/railway/cost.hpp"

#include <gtest/gtest.h>

namespace seance::railway {
namespace {

TEST(Cost, IsAMonthsPriceForAMonthOfMinutes) {
    EXPECT_DOUBLE_EQ(dollars(Measurement::Cpu, 43'200), 20);
    EXPECT_DOUBLE_EQ(dollars(Measurement::Memory, 43'200), 10);
    EXPECT_DOUBLE_EQ(dollars(Measurement::Disk, 43'200 * 2), 0.30);
    EXPECT_DOUBLE_EQ(dollars(Measurement::NetworkOut, 10), 0.5);
}

TEST(Cost, KnowsMeasurementsByTheirNames) {
    for (auto measurement : {Measurement::Cpu, Measurement::Memory, Measurement::Disk, Measurement::Backup,
                             Measurement::NetworkOut})
        EXPECT_EQ(parse_measurement(spelling(measurement)), measurement);
    EXPECT_FALSE(parse_measurement("CPU_USAGE_2"));
}

}  // namespace
}  // namespace seance::railway
