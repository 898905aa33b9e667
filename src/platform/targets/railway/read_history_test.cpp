#include "platform/targets/railway/read_history.hpp"

#include <gtest/gtest.h>

#include "platform/plan/bookkeeping.hpp"
#include "platform/targets/railway/deployment_state.hpp"

namespace seance::railway {
namespace {

using releases::Ending;

Deployment deployment(DeploymentStatus status) {
    Deployment one;
    one.id = DeploymentId("d1");
    one.status = status;
    one.status_text = spelling(status);
    one.created_at = "2026-08-21T10:00:00.000Z";
    one.status_updated_at = "2026-08-21T11:00:00.000Z";
    one.image = "docker.io/x/landing:aaaaaaa@sha256:0";
    return one;
}

Ending ending(Deployment one, const plan::ReleaseLog& log = {}) {
    return past_of(one, "landing", {}, {}, log).ending;
}

TEST(ReadHistory, TakesForGoodWhatWasSeenToBe) {
    auto removed = deployment(DeploymentStatus::Removed);
    removed.can_rollback = removed.can_redeploy = true;
    plan::ReleaseLog good, bad;
    good.note("d1", true);
    bad.note("d1", false);

    EXPECT_EQ(ending(removed, good), Ending::Good);
    EXPECT_EQ(ending(removed, bad), Ending::Failed);
    EXPECT_EQ(ending(removed), Ending::Unknown);
}

TEST(ReadHistory, TellsHowDeploymentsEnded) {
    EXPECT_EQ(ending(deployment(DeploymentStatus::Success)), Ending::Good);
    EXPECT_EQ(ending(deployment(DeploymentStatus::Sleeping)), Ending::Good);
    EXPECT_EQ(ending(deployment(DeploymentStatus::Failed)), Ending::Failed);
    EXPECT_EQ(ending(deployment(DeploymentStatus::Crashed)), Ending::Failed);
    EXPECT_EQ(ending(deployment(DeploymentStatus::Deploying)), Ending::Running);
}

TEST(ReadHistory, TakesTheBookkeepingOfADeployment) {
    const std::map<std::string, std::string> variables{
        {std::string(plan::kReleaseVariable), "r7 bbbbbbb back r3"},
        {std::string(plan::kCommitVariable), "aaaaaaa"},
        {std::string(plan::kContentVariable), "c1"}};

    const auto past = past_of(deployment(DeploymentStatus::Success), "landing", variables, {}, {});

    EXPECT_EQ(past.service, "landing");
    EXPECT_EQ(past.release, "bbbbbbb");
    EXPECT_EQ(past.number, 7);
    EXPECT_EQ(past.back_to, 3);
    EXPECT_EQ(past.commit, "aaaaaaa");
    EXPECT_EQ(past.content, "c1");
}

TEST(ReadHistory, TimesOneThatIsGoneByItsSteps) {
    DeploymentEvent health, drain;
    health.step = "HEALTHCHECK";
    health.completed_at = "2026-08-21T10:00:20.000Z";
    drain.step = "DRAIN_INSTANCES";
    drain.completed_at = "2026-08-21T11:00:00.000Z";

    EXPECT_EQ(past_of(deployment(DeploymentStatus::Removed), "landing", {}, {health, drain}, {}).ended,
              health.completed_at);
    EXPECT_EQ(past_of(deployment(DeploymentStatus::Removed), "landing", {}, {}, {}).ended, "");
}

}  // namespace
}  // namespace seance::railway
