#include "platform/targets/railway/spending.hpp"

#include <gtest/gtest.h>

namespace seance::railway {
namespace {

Usage usage_of(Measurement measurement, double value, std::string service = {}) {
    Usage usage;
    usage.measurement = measurement;
    usage.value = value;
    usage.service = ServiceId(std::move(service));
    return usage;
}

const std::map<std::string, std::string> kNames{{"s1", "backend"}, {"s2", "valkey"}};

TEST(Spending, GivesEachServiceItsShareOfTheEstimate) {
    // A vCPU-month is 43 200 minutes and costs 20 dollars.
    const auto spending =
        spending_of({usage_of(Measurement::Cpu, 10'800, "s1"), usage_of(Measurement::Cpu, 3'600, "s2")},
                    {usage_of(Measurement::Cpu, 43'200)}, kNames);
    ASSERT_EQ(spending.services.size(), 2u);
    EXPECT_EQ(spending.services[0].service, "backend");
    EXPECT_NEAR(spending.services[0].month_to_date, 5, 1e-9);
    EXPECT_NEAR(spending.services[0].estimate, 15, 1e-9);
    EXPECT_NEAR(spending.services[1].estimate, 5, 1e-9);
    EXPECT_NEAR(spending.estimate, 20, 1e-9);
}

TEST(Spending, LosesNothingThatNoServiceIsKnownFor) {
    const auto spending =
        spending_of({usage_of(Measurement::NetworkOut, 20, "gone")},
                    {usage_of(Measurement::NetworkOut, 40), usage_of(Measurement::Disk, 43'200)}, kNames);
    ASSERT_EQ(spending.services.size(), 1u);
    EXPECT_EQ(spending.services[0].service, "(other)");
    EXPECT_NEAR(spending.services[0].month_to_date, 1, 1e-9);
    EXPECT_NEAR(spending.services[0].estimate, 2.15, 1e-9);
    EXPECT_NEAR(spending.estimate, 2.15, 1e-9);
}

}  // namespace
}  // namespace seance::railway
