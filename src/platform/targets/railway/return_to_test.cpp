#include "platform/targets/railway/return_to.hpp"

#include <gtest/gtest.h>

#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"

namespace seance::railway {
namespace {

constexpr auto kOld = "docker.io/x/landing:aaaaaaa@sha256:a", kNew = "docker.io/x/landing:bbbbbbb@sha256:b";

plan::LiveVariable text(std::string value) {
    return {"", SecretText(std::move(value)), false};
}

plan::Live live_at_b() {
    plan::Live live;
    live.project_id = "p";
    live.environment_id = "e";
    plan::LiveService landing;
    landing.id = "s1";
    landing.name = "landing";
    landing.image = kNew;
    landing.volume_id = "v1";
    landing.volume = "/data";
    landing.settings.health_path = "/health";
    landing.variables["COLOUR"] = text("blue");
    landing.variables["BY_HAND"] = text("yes");
    landing.variables["SEALED"] = {"", std::nullopt, true};
    landing.variables[std::string(plan::kNamesVariable)] = text("COLOUR,SEALED");
    landing.variables[std::string(plan::kCommitVariable)] = text("bbbbbbb");
    landing.variables[std::string(plan::kContentVariable)] = text("content-b");
    landing.deployment = plan::LiveDeployment{"d2", "SUCCESS", true, false, false, kNew, "", ""};
    for (auto& [name, variable] : landing.variables)
        if (variable.text)
            variable.fingerprint =
                plan::fingerprint(live.fingerprint_key, landing.name, name, variable.text->reveal());
    live.services.push_back(std::move(landing));
    return live;
}

releases::Release release(std::string commit, std::string deployment, std::string image) {
    releases::Release made;
    made.commit = commit;
    made.state["landing"] = {std::move(deployment), std::move(image), commit, "content-" + commit, "", true};
    return made;
}

plan::Wanted wish(const Return& back, const plan::Live& live) {
    plan::Wanted wanted;
    wanted.project = "seance";
    wanted.environment = "production";
    wish_for(back, live, wanted);
    return wanted;
}

Return back_to_a(const plan::Live& live, std::string only = {}) {
    return make_return(live, release("aaaaaaa", "d1", kOld), release("bbbbbbb", "d2", kNew), only,
                       releases::Compare::Images);
}

TEST(ReturnTo, ChangesTheImageAndNothingElse) {
    const auto live = live_at_b();

    const auto plan = plan::diff(wish(back_to_a(live), live), live);

    ASSERT_EQ(plan.changes.size(), 2U);
    EXPECT_EQ(plan.changes[0].id(), "landing/image");
    EXPECT_EQ(plan.changes[0].after, kOld);
    EXPECT_EQ(plan.changes[1].kind, plan::Kind::Deployment);
    EXPECT_TRUE(plan.conflicts.empty());
}

TEST(ReturnTo, WritesWhoseImageItIs) {
    const auto live = live_at_b();

    const auto wanted = wish(back_to_a(live), live);

    EXPECT_EQ(wanted.commit, "aaaaaaa");
    EXPECT_EQ(wanted.services.at(0).commit, "aaaaaaa");
    EXPECT_EQ(wanted.services.at(0).content, "content-aaaaaaa");
    EXPECT_FALSE(wanted.dns);
}

TEST(ReturnTo, NeverTakesTheNewImagesContentForTheOldOnes) {
    const auto live = live_at_b();
    auto back = back_to_a(live);
    back.state["landing"].content.clear();

    const auto written = plan::with_bookkeeping(wish(back, live).services.at(0), "");
    EXPECT_EQ(written.at(std::string(plan::kContentVariable)).text->reveal(), plan::kUnknownContent);
}

TEST(ReturnTo, IsEmptyWhereThatImageRunsAlready) {
    auto live = live_at_b();
    live.services[0].image = kOld;
    const auto a = release("aaaaaaa", "d1", kOld);

    EXPECT_TRUE(make_return(live, a, a, "", releases::Compare::Images).state.empty());
}

TEST(ReturnTo, TakesUpAServiceThatIsConfiguredButDoesNotRunIt) {
    auto live = live_at_b();
    live.services[0].image = kOld;

    EXPECT_TRUE(back_to_a(live).state.contains("landing"));
}

TEST(ReturnTo, LeavesOtherServicesAlone) {
    const auto live = live_at_b();

    EXPECT_TRUE(back_to_a(live, "backend").state.empty());
    EXPECT_TRUE(back_to_a(live, "landing").state.contains("landing"));
}

TEST(ReturnTo, BringsOldVariablesBackWhenAsked) {
    const auto live = live_at_b();
    auto back = back_to_a(live);
    back.variables["landing"] = {{"COLOUR", SecretText("red")}, {"SEALED", SecretText("never")}};

    const auto plan = plan::diff(wish(back, live), live);

    const auto* colour = plan.find("landing/variable/COLOUR");
    ASSERT_NE(colour, nullptr);
    EXPECT_EQ(colour->after, kHidden);
    EXPECT_EQ(plan.find("landing/variable/SEALED"), nullptr);
    EXPECT_EQ(plan.find("landing/variable/BY_HAND"), nullptr);
}

TEST(ReturnTo, TakesAwayWhatWasDeclaredSinceWhenVariablesComeBack) {
    const auto live = live_at_b();
    auto back = back_to_a(live);
    back.variables["landing"] = {{"OTHER", SecretText("1")}};

    const auto plan = plan::diff(wish(back, live), live);

    ASSERT_NE(plan.find("landing/variable/COLOUR"), nullptr);
    EXPECT_EQ(plan.find("landing/variable/COLOUR")->action, plan::Action::Delete);
    EXPECT_EQ(plan.find("landing/variable/OTHER")->action, plan::Action::Create);
}

}  // namespace
}  // namespace seance::railway
