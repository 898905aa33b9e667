#include "platform/plan/only_secrets.hpp"

#include <gtest/gtest.h>

#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/plan/plan.hpp"

namespace seance::plan {
namespace {

const SecretText kKey("key");

Wanted shop() {
    Wanted wanted;
    wanted.environment = "production";
    wanted.commit = "abc1234";
    WantedService service;
    service.name = "backend";
    service.image = "shop/backend:abc1234@sha256:1";
    service.commit = "abc1234";
    service.variables["PORT"] = {SecretText("80"), false};
    service.variables["MODE"] = {SecretText("fast"), false};
    service.variables["TOKEN"] = {SecretText("old"), true, true};
    service.domains.push_back({"shop.dev", 80});
    wanted.services.push_back(std::move(service));
    return wanted;
}

// As `wanted` stands after its deployment.
Live deployed(const Wanted& wanted) {
    Live live;
    live.project_id = "p";
    live.environment_id = "e";
    live.fingerprint_key = kKey;
    for (const auto& service : wanted.services) {
        LiveService now;
        now.id = now.name = service.name;
        now.image = service.image;
        now.settings = service.settings;
        now.settings.region = "us-west";
        for (const auto& [name, value] : with_bookkeeping(service, wanted.commit))
            now.variables[name] = {fingerprint(kKey, service.name, name, value.text->reveal()), value.text,
                                   false};
        LiveDeployment deployment;
        deployment.active = true;
        deployment.image = service.image;
        deployment.revision = revision(service);
        now.deployment = now.running = deployment;
        live.services.push_back(std::move(now));
    }
    return live;
}

TEST(OnlySecrets, ChangesNothingWhereSecretsAreTheSame) {
    const auto live = deployed(shop());
    auto wanted = shop();
    wanted.services[0].image = "shop/backend:fff@sha256:2";
    wanted.services[0].variables["MODE"] = {SecretText("slow"), false};
    wanted.services[0].variables["NEW"] = {SecretText("x"), false};
    wanted.services[0].settings.replicas = 3;
    const auto made = only_secrets(wanted, live, {{"backend", {"TOKEN"}}});
    EXPECT_TRUE(diff(made.wanted, live).empty());
}

TEST(OnlySecrets, ChangesASecretAndWhatIsMadeOfOne) {
    const auto live = deployed(shop());
    auto wanted = shop();
    wanted.services[0].variables["TOKEN"] = {SecretText("new"), true, true};
    wanted.services[0].variables["HASH"] = {SecretText("h"), false, true};
    const auto plan = diff(only_secrets(wanted, live, {{"backend", {"TOKEN"}}}).wanted, live);
    EXPECT_TRUE(plan.find("backend/variable/TOKEN"));
    EXPECT_TRUE(plan.find("backend/variable/HASH"));
    EXPECT_TRUE(plan.find("backend/deployment"));
    EXPECT_EQ(plan.changes.size(), 3u);
}

TEST(OnlySecrets, TakesAwayASecretThatTheFileNoLongerHas) {
    const auto live = deployed(shop());
    auto wanted = shop();
    wanted.services[0].variables.erase("TOKEN");
    const auto plan = diff(only_secrets(wanted, live, {{"backend", {"TOKEN"}}}).wanted, live);
    const auto* change = plan.find("backend/variable/TOKEN");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->action, Action::Delete);
}

TEST(OnlySecrets, LeavesTheRevisionThatAPlanWants) {
    const auto live = deployed(shop());
    auto wanted = shop();
    wanted.services[0].variables["TOKEN"] = {SecretText("new"), true, true};
    const auto made = only_secrets(wanted, live, {{"backend", {"TOKEN"}}});
    EXPECT_EQ(revision(made.wanted.services[0]), revision(wanted.services[0]));
}

// A release that failed is configured, and the one before runs.
struct Failed : testing::Test {
    Wanted wanted = shop();
    Live live;
    StartedWith started{{"backend", {{"TOKEN", "old"}}}};

    void SetUp() override {
        live = deployed(wanted);
        auto& service = live.services[0];
        service.running->image = "shop/backend:000@sha256:0";
        service.running->commit = "0000000";
        service.running->content = "c0";
        service.deployment->active = false;
        service.deployment->failed = true;
    }
    Wanted deploying() { return only_secrets(wanted, live, {{"backend", {"TOKEN"}}}, &started).wanted; }
};
using OnlySecretsAfterAFailure = Failed;

TEST_F(OnlySecretsAfterAFailure, DeploysNothingThatIsNotConcerned) {
    EXPECT_TRUE(diff(deploying(), live).empty());
}

TEST_F(OnlySecretsAfterAFailure, DeploysTheImageThatRuns) {
    wanted.services[0].variables["TOKEN"] = {SecretText("new"), true, true};

    const auto made = deploying();

    ASSERT_EQ(made.services.size(), 1U);
    EXPECT_EQ(made.services[0].image, "shop/backend:000@sha256:0");
    EXPECT_EQ(made.services[0].commit, "0000000");
    EXPECT_EQ(made.services[0].content, "c0");
}

TEST_F(OnlySecretsAfterAFailure, DeploysWhatWasWrittenSinceItWasStarted) {
    started["backend"]["TOKEN"] = "older";

    EXPECT_EQ(deploying().services.size(), 1U);
}

TEST(OnlySecrets, TellsOfServicesThatAreNotThere) {
    Live live;
    const auto made = only_secrets(shop(), live, {});
    EXPECT_EQ(made.absent, std::vector<std::string>{"backend"});
    EXPECT_TRUE(made.wanted.services.empty());
}

}  // namespace
}  // namespace seance::plan
