#include "core/runtime/short_turns.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace seance {

using namespace std::chrono_literals;

TEST(ShortTurns, LeavePolicyAndNicenessAsTheyWere) {
    std::thread([] {
        const int nice = ::getpriority(PRIO_PROCESS, 0);

        take_short_turns(100us);

        EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
        EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), nice);
    }).join();
}

TEST(ShortTurns, AreNotForAThreadOfAnotherPolicy) {
    std::thread([] {
        const sched_param none{};
        ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);

        EXPECT_FALSE(take_short_turns(100us));

        EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
    }).join();
}

}  // namespace seance
