#include "platform/process/restart_policy.hpp"

#include <gtest/gtest.h>

namespace seance::process {
namespace {

using namespace std::chrono_literals;
using stack::Restart;

constexpr ExitStatus kCrash{.code = 0, .signal = 9};

TEST(RestartPolicy, RestartsAtOnceThenWaitsTwiceAsLongUpToThirtySeconds) {
    RestartPolicy policy{Restart::Always};
    std::vector<Duration> waits;

    for (int i = 0; i < 10; ++i) waits.push_back(*policy.after(kCrash, 0s));

    EXPECT_EQ(waits, (std::vector<Duration>{0s, 500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}));
}

TEST(RestartPolicy, ForgivesAfterAMinuteOfHealth) {
    RestartPolicy policy{Restart::Always};
    for (int i = 0; i < 5; ++i) policy.after(kCrash, 59s);

    EXPECT_EQ(policy.after(kCrash, 60s), Duration{0s});
    EXPECT_EQ(policy.after(kCrash, 0s), Duration{500ms});
}

TEST(RestartPolicy, FollowsTheRuleOfTheService) {
    EXPECT_TRUE(RestartPolicy{Restart::Always}.after({}, 0s));
    EXPECT_FALSE(RestartPolicy{Restart::OnFailure}.after({}, 0s));
    EXPECT_TRUE(RestartPolicy{Restart::OnFailure}.after({.code = 1}, 0s));
    EXPECT_FALSE(RestartPolicy{Restart::Never}.after(kCrash, 0s));
}

TEST(ExitStatus, SaysHowAProcessEnded) {
    EXPECT_EQ((ExitStatus{.code = 3}).text(), "exit code 3");
    EXPECT_EQ((ExitStatus{.signal = 9}).text(), "killed by SIGKILL (9)");
}

}  // namespace
}  // namespace seance::process
