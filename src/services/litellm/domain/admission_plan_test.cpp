#include "services/litellm/domain/admission_plan.hpp"

#include <gtest/gtest.h>

#include "services/litellm/domain/model_access.hpp"
#include "services/litellm/domain/route_class.hpp"

namespace seance::litellm {
namespace {

EntityPtr entity(std::string json) {
    auto made = read_entity(std::move(json));
    EXPECT_TRUE(made);
    return made;
}

Caller caller_with(std::string key, std::string user = "", std::string team = "") {
    Caller caller;
    caller.kind = Caller::Kind::Key;
    caller.key = entity(std::move(key));
    if (!user.empty()) caller.user = entity(std::move(user));
    if (!team.empty()) caller.team = entity(std::move(team));
    return caller;
}

std::vector<std::string> entities(const AdmissionPlan& plan) {
    std::vector<std::string> names;
    for (auto& purse : plan.purses) names.push_back(purse.entity);
    return names;
}

TEST(AdmissionPlan, ChecksUserTeamMemberTeamKeyAndModelInThisOrder) {
    auto caller = caller_with(R"({"id":"h","purse":"k","user_id":"u","team_id":"t","max_budget":1,
                                  "model_max_budget":{"big":{"budget_limit":2,"time_period":"1d"}}})",
                              R"({"id":"u","purse":"pu","max_budget":5})",
                              R"({"id":"t","purse":"pt","max_budget":9,"member_budgets":{"u":0.5}})");

    auto plan = plan_admission(caller, {}, "big", false, 0);

    EXPECT_EQ(entities(plan),
              (std::vector<std::string>{"user", "team_member", "team", "api_key", "model_per_key", "proxy"}));
    EXPECT_FALSE(plan.purses[0].limit) << "a key of a team spends the team's money";
    EXPECT_EQ(plan.purses[1].limit, 500'000'000);
    EXPECT_EQ(plan.purses[4].period, "s86400");
}

TEST(AdmissionPlan, HoldsRatesOfTheUserAndOfTheTeamsModelsForKeysOfATeam) {
    auto caller =
        caller_with(R"({"id":"h","purse":"k","user_id":"u","team_id":"t"})",
                    R"({"id":"u","purse":"pu","rpm_limit":5,"max_parallel_requests":2})",
                    R"({"id":"t","purse":"pt","model_tpm_limit":{"big":7},"model_max_budget":{"big":3}})");

    auto plan = plan_admission(caller, {}, "big", false, 0);

    EXPECT_EQ(plan.purses.at(0).parallel, 2);
    EXPECT_EQ(plan.windows.at(0).id, "pu:rpm");
    EXPECT_EQ(plan.windows.at(1).id, "pt:big:tpm");
    EXPECT_EQ(plan.windows.at(1).entity, "model_per_team");
    EXPECT_EQ(plan.purses.at(3).limit, 3'000'000'000);
}

TEST(Caller, BearsTheTagsOfItsKeyAndTeam) {
    auto caller = caller_with(R"({"id":"h","purse":"k","tags":["a"],"metadata":{"tags":["b","a"]}})", "",
                              R"({"id":"t","purse":"pt","metadata":{"tags":["c"]}})");

    EXPECT_EQ(caller.tags(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(AdmissionPlan, LooksAtNoBudgetOfAModelThatIsFree) {
    auto plan = plan_admission(caller_with(R"({"id":"h","purse":"k","max_budget":0,"rpm_limit":3})"), {},
                               "big", true, 0);

    EXPECT_FALSE(plan.has_budget());
    EXPECT_TRUE(plan.limited());
    EXPECT_EQ(plan.windows.at(0).id, "k:rpm");
}

TEST(AdmissionPlan, AddsATemporaryIncreaseUntilItEnds) {
    auto caller = caller_with(R"({"id":"h","purse":"k","max_budget":1,"temp_budget_increase":2,
                                  "temp_budget_expiry":"1970-01-01T00:00:10Z"})");

    EXPECT_EQ(plan_admission(caller, {}, "m", false, 9'000).purses[0].limit, 3'000'000'000);
    EXPECT_EQ(plan_admission(caller, {}, "m", false, 10'000).purses[0].limit, 1'000'000'000);
}

TEST(AdmissionPlan, LetsTheMasterKeyPassTheBudgetOfTheProxy) {
    LedgerConfig config;
    config.proxy_budget = 1;
    Caller master;
    master.kind = Caller::Kind::Master;

    EXPECT_FALSE(plan_admission(master, config, "m", false, 0).has_budget());
    EXPECT_TRUE(plan_admission(caller_with(R"({"id":"h","purse":"k"})"), config, "m", false, 0).has_budget());
}

TEST(BudgetExceeded, TellsWhatIsSpentFromWhatCallsUnderWayHaveReserved) {
    PurseUse purse{"k", 250'000'000, std::nullopt, "", "api_key", "sk-...wxyz"};

    auto spent = budget_exceeded(purse, 300'000'000, 100'000'000, 400);
    auto reserved = budget_exceeded(purse, 10'000'000, 317'780'000, 400);

    EXPECT_EQ(spent.message,
              "Budget has been exceeded! api_key=sk-...wxyz Current cost: 0.3, Max budget: 0.25");
    EXPECT_NE(reserved.message.find("Current cost: 0.01, Max budget: 0.25. Calls under way have reserved "
                                    "0.31778"),
              std::string::npos)
        << reserved.message;
    EXPECT_NE(reserved.message.find("set max_tokens"), std::string::npos);
}

TEST(Entity, TakesFromABudgetWhatItLeavesOpen) {
    auto key =
        with_budget(entity(R"({"purse":"k","rpm_limit":1})"),
                    entity(R"({"purse":"b","rpm_limit":9,"max_budget":"2.5","budget_duration":"1mo"})"));

    EXPECT_EQ(key->limits.rpm, 1);
    EXPECT_EQ(key->limits.max_budget, 2'500'000'000);
    EXPECT_EQ(key->period, "m1");
}

TEST(Entity, IsNothingWithoutAPurse) {
    EXPECT_EQ(read_entity("{}"), nullptr);
    EXPECT_EQ(read_entity("[1"), nullptr);
}

TEST(ModelAccess, AllowsNamesPatternsAndGroupsAndAnchorsPatternsAtBothEnds) {
    AccessGroups groups{{"premium", {"big", "team/*"}}};
    auto allows = [&](std::vector<std::string> list, std::string_view model) {
        return allows_model(list, model, groups, {"from-team"});
    };

    EXPECT_TRUE(allows({}, "anything"));
    EXPECT_TRUE(allows({"openai/*"}, "openai/gpt/4"));
    EXPECT_FALSE(allows({"gpt-4"}, "gpt-4o"));
    EXPECT_FALSE(allows({"*-mini"}, "gpt-mini-2"));
    EXPECT_TRUE(allows({"bedrock/anthropic.*"}, "bedrock/anthropic.claude"));
    EXPECT_TRUE(allows({"premium"}, "team/x"));
    EXPECT_FALSE(allows({"premium"}, "small"));
    EXPECT_TRUE(allows({"all-proxy-models"}, "small"));
    EXPECT_TRUE(allows({"all-team-models"}, "from-team"));
    EXPECT_FALSE(allows({"all-team-models"}, "other"));
    EXPECT_FALSE(allows({"no-default-models"}, "big"));
}

TEST(RouteClass, TellsWhoMayUseARoute) {
    EXPECT_EQ(class_of_route("POST", "/v1/chat/completions"), RouteClass::Inference);
    EXPECT_EQ(class_of_route("POST", "/key/generate"), RouteClass::Management);
    EXPECT_EQ(class_of_route("GET", "/key/info"), RouteClass::Info);
    EXPECT_EQ(class_of_route("POST", "/keyring"), RouteClass::Inference);

    auto plain = entity(R"({"purse":"k"})"),
         routed = entity(R"({"purse":"k","allowed_routes":["/v1/embeddings","/v1/m*"]})");
    EXPECT_TRUE(may_use_route(*plain, false, "POST", "/v1/messages"));
    EXPECT_FALSE(may_use_route(*plain, false, "POST", "/key/generate"));
    EXPECT_TRUE(may_use_route(*plain, true, "POST", "/key/generate"));
    EXPECT_TRUE(may_use_route(*routed, false, "GET", "/v1/models"));
    EXPECT_FALSE(may_use_route(*routed, false, "POST", "/v1/chat/completions"));
}

}  // namespace
}  // namespace seance::litellm
