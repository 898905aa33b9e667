#include "services/litellm/routing/cooldown.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using std::chrono::seconds;

ApiError error(int status, std::optional<ErrorClass> kind = {}) {
    return {.status = status, .kind = kind};
}

bool cools(const ApiError& failure, Outcomes outcomes, std::size_t group,
           const RoutingSettings& settings = {}) {
    return cooldown_after(failure, outcomes, group, std::nullopt, settings).has_value();
}

}  // namespace

TEST(Cooldown, FollowsA429OnlyIfAnotherDeploymentCanTakeOver) {
    EXPECT_TRUE(cools(error(429), {1, 1, 1}, 2));
    EXPECT_FALSE(cools(error(429), {1, 1, 1}, 1));
}

TEST(Cooldown, NeverFollowsConnectionErrorsOrMistakesOfTheClient) {
    EXPECT_FALSE(cools(error(500, ErrorClass::Connection), {10, 10, 10}, 2));
    for (int status : {400, 403, 409, 413, 422})
        EXPECT_FALSE(cools(error(status), {10, 10, 10}, 2)) << status;
    RoutingSettings disabled;
    disabled.disable_cooldowns = true;
    EXPECT_FALSE(cools(error(429), {1, 1, 1}, 2, disabled));
}

TEST(Cooldown, FollowsMoreThanHalfOfAtLeastFiveRequests) {
    EXPECT_FALSE(cools(error(500), {4, 4, 4}, 2)) << "too few to tell";
    EXPECT_TRUE(cools(error(500), {5, 3, 3}, 2));
    EXPECT_FALSE(cools(error(500), {6, 3, 3}, 2)) << "half is not more than half";
    EXPECT_FALSE(cools(error(500), {10, 10, 10}, 1)) << "nobody else could answer";
    EXPECT_TRUE(cools(error(500), {1000, 1000, 1000}, 1)) << "it is down for sure";
}

TEST(Cooldown, FollowsWhatARetryCannotMend) {
    EXPECT_TRUE(cools(error(401), {1, 1, 1}, 1));
    EXPECT_TRUE(cools(error(404), {1, 1, 1}, 1));
}

TEST(Cooldown, CountsAgainstTheAllowedNumberWhenOneIsSet) {
    RoutingSettings settings;
    settings.allowed_fails = 1;
    EXPECT_FALSE(cools(error(429), {1, 1, 1}, 2, settings));
    EXPECT_TRUE(cools(error(500), {2, 2, 1}, 2, settings));

    settings.allowed_fails_policy.numbers[ErrorClass::RateLimit] = 3;
    EXPECT_FALSE(cools(error(429), {9, 9, 3}, 2, settings));
    EXPECT_TRUE(cools(error(429), {9, 9, 4}, 2, settings));
}

TEST(Cooldown, LastsAsTheUpstreamTheDeploymentOrTheRouterSays) {
    RoutingSettings settings;
    auto failure = error(429);
    EXPECT_EQ(cooldown_after(failure, {1, 1, 1}, 2, std::nullopt, settings), seconds(5));
    EXPECT_EQ(cooldown_after(failure, {1, 1, 1}, 2, seconds(9), settings), seconds(9));
    failure.retry_after = seconds(30);
    EXPECT_EQ(cooldown_after(failure, {1, 1, 1}, 2, seconds(9), settings), seconds(30));
}

}  // namespace seance::litellm
