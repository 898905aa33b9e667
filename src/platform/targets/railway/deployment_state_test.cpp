#include "platform/targets/railway/deployment_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::railway {
namespace {

using testing::HasSubstr;
using Outcome = DeploymentOutcome;

Deployment with(std::string_view status) {
    Deployment out;
    out.id = DeploymentId("d");
    out.status_text = status;
    out.status = parse_status(status);
    return out;
}

Outcome outcome(std::string_view status, bool was_active = false) {
    return standing(with(status), was_active).outcome;
}

TEST(Standing, KnowsEveryStatus) {
    for (auto status : {"QUEUED", "INITIALIZING", "WAITING", "BUILDING", "DEPLOYING"})
        EXPECT_EQ(outcome(status), Outcome::InProgress) << status;
    for (auto status : {"SUCCESS", "SLEEPING"}) EXPECT_EQ(outcome(status), Outcome::Succeeded) << status;
    for (auto status : {"FAILED", "CRASHED", "SKIPPED"})
        EXPECT_EQ(outcome(status), Outcome::Failed) << status;
    EXPECT_EQ(outcome("NEEDS_APPROVAL"), Outcome::Held);
}

TEST(Standing, TakesARemovedDeploymentForReplacedUnlessItWasActive) {
    EXPECT_EQ(outcome("REMOVED"), Outcome::Superseded);
    EXPECT_EQ(outcome("REMOVING"), Outcome::Superseded);
    EXPECT_EQ(outcome("REMOVED", true), Outcome::Succeeded);
}

TEST(Standing, CannotTellWhatAStatusOfTomorrowMeans) {
    auto unknown = standing(with("TELEPORTING"));

    EXPECT_EQ(unknown.outcome, Outcome::CannotTell);
    EXPECT_FALSE(unknown.terminal);
}

TEST(Standing, BelievesNoSuccessThatSomebodyStopped) {
    auto stopped = with("SUCCESS");
    stopped.stopped = true;

    EXPECT_EQ(standing(stopped).outcome, Outcome::Failed);
    EXPECT_THAT(failure_sentence(stopped, {}, true, true), HasSubstr("somebody stopped it"));
}

Deployment failed_after(std::string_view ended) {
    auto out = with("FAILED");
    out.image = "docker.io/seance/backend:abc";
    out.created_at = "2026-08-21T10:00:00Z";
    out.status_updated_at = ended;
    return out;
}

TEST(WasRefusedBeforeStart, IsAFailureWithinSecondsWithoutAnyLog) {
    auto soon = failed_after("2026-08-21T10:00:03Z"), late = failed_after("2026-08-21T10:05:00Z");
    std::vector<DeploymentEvent> checked(1);
    checked[0].step = "HEALTHCHECK";

    EXPECT_TRUE(was_refused_before_start(soon, {}, true, true));
    EXPECT_TRUE(was_refused_before_start(failed_after(""), {}, true, true));
    EXPECT_FALSE(was_refused_before_start(soon, {}, true, false));
    EXPECT_FALSE(was_refused_before_start(soon, {}, false, true));
    EXPECT_FALSE(was_refused_before_start(late, {}, true, true));
    EXPECT_FALSE(was_refused_before_start(soon, checked, true, true));
    EXPECT_FALSE(was_refused_before_start(with("CRASHED"), {}, true, true));
}

DeploymentEvent event(std::string step, std::string completed_at = "", std::string error = "") {
    DeploymentEvent out;
    out.step = std::move(step);
    out.completed_at = std::move(completed_at);
    out.error = std::move(error);
    return out;
}

TEST(FailureSentence, SaysWhereItFailedAndWhy) {
    auto deployment = failed_after("2026-08-21T10:05:00Z");
    std::vector events{event("CREATE_CONTAINER", "x"), event("HEALTHCHECK", "x", "got 503")};
    events[1].attempt = 9;

    EXPECT_EQ(failure_sentence(deployment, events, false, false),
              "docker.io/seance/backend:abc did not become healthy in 9 tries: got 503");
    EXPECT_THAT(failure_sentence(failed_after("2026-08-21T10:00:03Z"), {}, true, true),
                HasSubstr("refused before any container existed"));
    EXPECT_THAT(failure_sentence(deployment, {}, false, false), HasSubstr("no reason"));
}

TEST(Progress, SpeaksOfTheStepThatGoesOn) {
    std::vector events{event("CREATE_CONTAINER", "done"), event("HEALTHCHECK")};
    events[1].attempt = 3;
    events[1].max_attempts = 10;
    events[1].detail = "got 503";

    EXPECT_EQ(progress(with("DEPLOYING"), events), "health check 3 of 10: got 503");
    EXPECT_EQ(progress(with("DEPLOYING"), {}), "starting");
    EXPECT_EQ(progress(with("QUEUED"), {}), "queued");
    EXPECT_THAT(progress(with("TELEPORTING"), {}), HasSubstr("TELEPORTING"));
}

TEST(Progress, IsShortWhateverRailwaySays) {
    std::vector events{event("A_NEW_STEP")};
    events[0].detail.assign(10'000, 'x');
    events[0].detail.append("\n\x1b[31m");

    EXPECT_LT(progress(with("DEPLOYING"), events).size(), 300u);
}

ImageCheck check(std::string image, std::string_view wanted, std::string digest = "") {
    auto deployment = with("SUCCESS");
    deployment.image = std::move(image);
    deployment.image_digest = std::move(digest);
    return check_image(deployment, wanted);
}

TEST(CheckImage, ComparesReferences) {
    EXPECT_EQ(check("docker.io/seance/backend:abc", "docker.io/seance/backend:abc"), ImageCheck::Same);
    EXPECT_EQ(check("seance/backend:abc", "docker.io/seance/backend:abc"), ImageCheck::Same);
    EXPECT_EQ(check("docker.io/seance/backend:old", "docker.io/seance/backend:abc"), ImageCheck::Different);
    EXPECT_EQ(check("docker.io/seance/landing:abc", "docker.io/seance/backend:abc"), ImageCheck::Different);
    EXPECT_EQ(check("localhost:5000/backend:abc", "localhost:5000/backend:abd"), ImageCheck::Different);
}

TEST(CheckImage, LetsTheDigestDecideWhereBothAreKnown) {
    EXPECT_EQ(check("a/b:abc@sha256:11", "a/b@sha256:11"), ImageCheck::Same);
    EXPECT_EQ(check("a/b:abc@sha256:11", "a/b:abc@sha256:22"), ImageCheck::Different);
    EXPECT_EQ(check("a/b:abc", "a/b:abc@sha256:22", "sha256:22"), ImageCheck::Same);
    EXPECT_EQ(check("a/b:abc", "a/b:abc@sha256:22", "sha256:33"), ImageCheck::Different);
}

TEST(CheckImage, CannotTellWithoutKnowingTheImage) {
    EXPECT_EQ(check("", "a/b:abc"), ImageCheck::CannotTell);
    EXPECT_EQ(check("a/b:abc", "a/b@sha256:22"), ImageCheck::CannotTell);
}

}  // namespace
}  // namespace seance::railway
