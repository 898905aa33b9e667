#include "platform/targets/railway/fold_log.hpp"

#include <gmock/gmock.h>

namespace seance::railway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FoldLog, TellsALineThatComesAgainOnceAndHowOften) {
    EXPECT_THAT(fold_log({"starting", "no such file", "starting", "no such file", "starting", "gives up"}),
                ElementsAre("starting (… 2 more times)", "no such file (… 1 more time)", "gives up"));
}

TEST(FoldLog, LeavesOtherLinesInTheirOrder) {
    EXPECT_THAT(fold_log({"b", "a", "c"}), ElementsAre("b", "a", "c"));
    EXPECT_THAT(fold_log({}), IsEmpty());
}

}  // namespace
}  // namespace seance::railway
