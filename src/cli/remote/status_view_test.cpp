#include "cli/remote/status_view.hpp"

#include <gtest/gtest.h>

#include "platform/plan/bookkeeping.hpp"

namespace seance::cli {
namespace {

constexpr auto kImage = "docker.io/x/landing:aaaaaaa@sha256:a";
constexpr std::int64_t kNow = 1787306400;  // 2026-08-21T10:00:00Z

struct World {
    plan::Wanted outline;
    railway::Seen seen;
    std::map<std::string, CheckResult> health;

    World() {
        outline.project = "seance";
        outline.environment = "production";
        plan::WantedService wanted;
        wanted.name = "landing";
        wanted.domains.push_back({"seance.dev", 80});
        outline.services.push_back(wanted);
        railway::ServiceInstance instance;
        instance.name = "landing";
        instance.image = kImage;
        instance.latest = deployment("d1", railway::DeploymentStatus::Success);
        instance.active.push_back(*instance.latest);
        seen.state.services.push_back(instance);
        plan::LiveService live;
        live.name = "landing";
        live.image = kImage;
        live.variables[std::string(plan::kCommitVariable)] = {"", SecretText("aaaaaaa"), false};
        live.running = plan::LiveDeployment{};
        live.running->release = "r1 aaaaaaa";
        seen.live.services.push_back(live);
        answers("aaaaaaa");
    }

    static railway::Deployment deployment(std::string id, railway::DeploymentStatus status) {
        railway::Deployment one;
        one.id = railway::DeploymentId(std::move(id));
        one.status = status;
        one.status_text = "STATUS";
        one.image = kImage;
        one.created_at = "2026-08-21T09:00:00.000Z";
        return one;
    }

    void answers(std::string commit) {
        CheckResult result;
        result.service = "landing";
        result.check = "health";
        result.good = true;
        result.commit = std::move(commit);
        health["landing"] = result;
    }

    RemoteStatus status() const { return remote_status(outline, seen, health, kNow); }
};

TEST(RemoteStatus, IsReadyWhenWhatAnswersIsWhatRailwayRuns) {
    const World world;

    const auto status = world.status();

    EXPECT_TRUE(status.ready());
    EXPECT_EQ(status.commit, "aaaaaaa");
    EXPECT_EQ(status.services[0].age_seconds, 3600);
    EXPECT_EQ(status.services[0].url, "https://seance.dev");
}

TEST(RemoteStatus, SaysWhenAnotherCommitAnswers) {
    World world;
    world.answers("bbbbbbb");

    const auto status = world.status();

    EXPECT_FALSE(status.ready());
    EXPECT_EQ(status.services[0].detail, "bbbbbbb answers, but Railway says that it runs aaaaaaa");
}

TEST(RemoteStatus, SaysWhenAFailureIsHiddenByWhatRanBefore) {
    World world;
    world.seen.state.services[0].latest = World::deployment("d2", railway::DeploymentStatus::Failed);

    const auto status = world.status();

    EXPECT_EQ(status.services[0].state, "active");
    EXPECT_NE(status.services[0].detail.find("the one before goes on"), std::string::npos);
}

TEST(RemoteStatus, SaysWhenWhatIsConfiguredIsNotDeployed) {
    World world;
    world.seen.live.services[0].image = "docker.io/x/landing:bbbbbbb@sha256:b";

    EXPECT_EQ(world.status().services[0].detail,
              "docker.io/x/landing:bbbbbbb is configured, but not deployed");
}

TEST(RemoteStatus, NamesWhoDeploysAndWhetherTheyAreGone) {
    World world;
    railway::LockHolder holder{"n", "ada@laptop", "bbbbbbb", kNow - 100, kNow - 10};
    auto& lock = world.seen.state.shared_variables[std::string(plan::kLockVariable)];
    lock = SecretText(holder.print());

    EXPECT_EQ(world.status().deploying->owner, "ada@laptop");
    EXPECT_FALSE(world.status().lock_is_stale);

    holder.heartbeat = kNow - 100;
    lock = SecretText(holder.print());
    EXPECT_TRUE(world.status().lock_is_stale);
}

TEST(RemoteStatus, TellsAServiceThatIsNotThereYet) {
    World world;
    world.seen = {};

    EXPECT_EQ(world.status().services[0].state, "not deployed");
    EXPECT_FALSE(world.status().ready());
}

}  // namespace
}  // namespace seance::cli
