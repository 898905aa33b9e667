#include "core/base/count.hpp"

#include <gtest/gtest.h>

namespace seance {
namespace {

TEST(Count, SaysOneThingAndSeveralAsPeopleDo) {
    EXPECT_EQ(count(0, "service"), "0 services");
    EXPECT_EQ(count(1, "service"), "1 service");
    EXPECT_EQ(count(12U, "service"), "12 services");
    EXPECT_EQ(count(1, "entry", "entries"), "1 entry");
    EXPECT_EQ(count(2, "entry", "entries"), "2 entries");
}

}  // namespace
}  // namespace seance
