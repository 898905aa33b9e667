#include "cli/commands/verify_watch.hpp"

#include <gtest/gtest.h>

namespace seance::cli {
namespace {

CheckResult check(std::string service, bool good, bool skipped = false) {
    CheckResult result;
    result.service = std::move(service);
    result.check = "health";
    result.good = good;
    result.skipped = skipped;
    return result;
}

TEST(CheckChanges, AreAllOfTheFirstRoundAndThenOnlyWhatIsAnotherWay) {
    CheckChanges changes;
    EXPECT_EQ(changes.take({check("a", true), check("b", true)}).size(), 2U);

    EXPECT_TRUE(changes.take({check("a", true), check("b", true)}).empty());

    const auto changed = changes.take({check("a", false), check("b", true)});
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].service, "a");
    EXPECT_EQ(changes.take({check("a", true), check("b", true)}).size(), 1U);
}

TEST(CheckChanges, TellTwoChecksOfOneKindApart) {
    CheckChanges changes;
    changes.take({check("a", true), check("a", false)});

    EXPECT_TRUE(changes.take({check("a", true), check("a", false)}).empty());
    EXPECT_EQ(changes.take({check("a", true), check("a", true)}).size(), 1U);
}

TEST(CheckChanges, TakeASkippedCheckForAnotherWay) {
    CheckChanges changes;
    changes.take({check("a", true)});

    EXPECT_EQ(changes.take({check("a", false, true)}).size(), 1U);
}

}  // namespace
}  // namespace seance::cli
