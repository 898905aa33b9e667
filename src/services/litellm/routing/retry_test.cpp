#include "services/litellm/routing/retry.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ApiError error(int status, std::optional<ErrorClass> kind = {}) {
    return {.status = status, .kind = kind};
}

}  // namespace

TEST(Retry, HelpsWhereTheUpstreamMayDoBetterNextTime) {
    AfterFailure two{.group_size = 2, .healthy_left = 2};
    for (int status : {408, 409, 429, 500, 502, 503}) EXPECT_TRUE(may_retry(error(status), two)) << status;
    for (int status : {400, 403, 404, 413, 422}) EXPECT_FALSE(may_retry(error(status), two)) << status;
    EXPECT_TRUE(may_retry(error(500, ErrorClass::Connection), two));
}

TEST(Retry, AfterAWrongKeyNeedsAnotherDeployment) {
    EXPECT_TRUE(may_retry(error(401), {.group_size = 2, .healthy_left = 1}));
    EXPECT_FALSE(may_retry(error(401), {.group_size = 1, .healthy_left = 1}));
}

TEST(Retry, NeedsADeploymentThatIsHealthy) {
    EXPECT_FALSE(may_retry(error(500), {.group_size = 2, .healthy_left = 0}));
    EXPECT_FALSE(may_retry(error(429), {.group_size = 2, .healthy_left = 0, .has_fallbacks = true}));
}

TEST(Retry, LeavesLongPromptsToTheirFallbacks) {
    auto too_long = error(500, ErrorClass::ContextWindow);
    EXPECT_FALSE(may_retry(too_long, {.has_context_window_fallbacks = true}));
    EXPECT_TRUE(may_retry(too_long, {}));
}

TEST(Retry, CountComesFromTheRequestThePoliciesTheDeploymentTheRouter) {
    RoutingSettings settings;
    auto count = [&](std::optional<int> asked, std::optional<int> deployment) {
        return retries_for(ErrorClass::Timeout, "big", asked, deployment, settings);
    };
    EXPECT_EQ(count({}, {}), 2);
    EXPECT_EQ(count({}, 4), 4);
    settings.retry_policy.numbers[ErrorClass::Timeout] = 7;
    EXPECT_EQ(count({}, 4), 7);
    settings.group_retry_policy["big"].numbers[ErrorClass::Timeout] = 0;
    EXPECT_EQ(count({}, 4), 0);
    EXPECT_EQ(count(1, 4), 1);
}

TEST(Retry, WaitsAsAskedOrEverLongerAndNotAtAllIfAnotherIsHealthy) {
    RoutingSettings settings;
    auto failure = error(429);
    EXPECT_EQ(delay_before_retry(failure, 0, true, settings, 0), Duration{0});
    EXPECT_EQ(delay_before_retry(failure, 0, false, settings, 0), milliseconds(500));
    EXPECT_EQ(delay_before_retry(failure, 2, false, settings, 0), seconds(2));
    EXPECT_EQ(delay_before_retry(failure, 9, false, settings, 0.99), seconds(8));
    failure.retry_after = seconds(3);
    EXPECT_EQ(delay_before_retry(failure, 0, false, settings, 0), seconds(3));
    failure.retry_after = seconds(61);
    EXPECT_EQ(delay_before_retry(failure, 0, false, settings, 0), milliseconds(500)) << "too long to wait";
    settings.retry_after = seconds(4);
    EXPECT_EQ(delay_before_retry(failure, 0, false, settings, 0), seconds(4));
}

}  // namespace seance::litellm
