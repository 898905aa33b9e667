#include "services/litellm/routing/choice.hpp"

#include <gmock/gmock.h>

#include "services/litellm/routing/strategy.hpp"
#include "services/litellm/routing/tags.hpp"

namespace seance::litellm {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

const Instant t0{std::chrono::hours(1000)};

// A group of deployments, and what routing makes of it.
struct Group {
    std::vector<std::shared_ptr<Deployment>> deployments;
    std::vector<Option> options;
    RoutingSettings settings;
    RoutingQuestion question{"big", 100};

    Deployment& add(const char* id) {
        auto deployment = std::make_shared<Deployment>();
        deployment->id = id;
        deployments.push_back(deployment);
        options.push_back({deployment.get(), "openai"});
        return *deployment;
    }
    std::vector<std::string> candidates(Instant now = t0) const {
        std::vector<std::string> ids;
        for (auto i : find_candidates(options, question, settings, now).indexes)
            ids.push_back(options[i].deployment->id);
        return ids;
    }
    std::optional<ApiError> problem(Instant now = t0) const {
        return find_candidates(options, question, settings, now).problem;
    }
    std::string chosen(double random = 0, Instant now = t0) const {
        auto found = find_candidates(options, question, settings, now);
        return options[choose(options, found.indexes, question, settings, now, random)].deployment->id;
    }
};

}  // namespace

TEST(Candidates, LeaveOutWhatCoolsDownAndSayHowLongWhenAllDo) {
    Group group;
    group.add("a").state->cool_down(t0 + seconds(7), t0);
    group.add("b");
    EXPECT_THAT(group.candidates(), ElementsAre("b"));
    EXPECT_THAT(group.candidates(t0 + seconds(7)), ElementsAre("a", "b"));

    group.deployments[1]->state->cool_down(t0 + seconds(3), t0);
    auto problem = group.problem();
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->status, 429);
    EXPECT_EQ(problem->type, "throttling_error");
    EXPECT_EQ(problem->message,
              "No deployments available for selected model, Try again in 3 seconds. Passed model=big");
    group.question.by_id = true;
    EXPECT_THAT(group.candidates(), ElementsAre("a", "b")) << "a name that is an id ignores cooldowns";
}

TEST(Candidates, KeepOnlyTheLowestOrderOfThoseThatAreHealthy) {
    Group group;
    group.add("first").order = 1;
    group.add("second").order = 2;
    EXPECT_THAT(group.candidates(), ElementsAre("first"));

    group.deployments[0]->state->cool_down(t0 + seconds(5), t0);
    EXPECT_THAT(group.candidates(), ElementsAre("second"));
}

TEST(Candidates, LeaveOutWhatIsOverItsBudgetOrItsProviders) {
    Group group;
    group.add("own").budget = Budget{1.0, BudgetPeriod{60, 0}};
    group.add("providers");
    group.add("free");
    Budget budget{2.0, BudgetPeriod{60, 0}};
    SpendWindow spent;
    group.options[1].provider_budget = &budget;
    group.options[1].provider_spend = &spent;
    group.deployments[0]->state->spend.add(1.0, t0, seconds(60));
    spent.add(2.5, t0, seconds(60));

    EXPECT_THAT(group.candidates(), ElementsAre("free"));
    EXPECT_THAT(group.candidates(t0 + seconds(60)), ElementsAre("own", "providers", "free"))
        << "a new period";
}

TEST(Candidates, AskForAWindowThatIsLargeEnoughOnlyWhenChecksAreOn) {
    Group group;
    group.add("small").max_input_tokens = 50;
    group.add("large").max_input_tokens = 5000;
    EXPECT_THAT(group.candidates(), ElementsAre("small", "large"));

    group.settings.pre_call_checks = true;
    EXPECT_THAT(group.candidates(), ElementsAre("large"));

    group.question.input_tokens = 6000;
    ASSERT_TRUE(group.problem());
    EXPECT_EQ(group.problem()->status, 400);
    EXPECT_EQ(group.problem()->error_class(), ErrorClass::ContextWindow);
}

TEST(Candidates, CountRequestsAndTokensOfTheMinuteAgainstLimitsWhereTheyAreHard) {
    Group group;
    auto& limited = group.add("limited");
    limited.rpm = 2;
    limited.tpm = 1000;
    group.add("open");
    limited.state->requests.add(minute_of(t0), 2);
    EXPECT_THAT(group.candidates(), ElementsAre("limited", "open")) << "a weight only";

    group.settings.strategy = Strategy::UsageBased;
    EXPECT_THAT(group.candidates(), ElementsAre("open"));
    EXPECT_THAT(group.candidates(t0 + seconds(60)), ElementsAre("limited", "open"));

    limited.state->tokens.add(minute_of(t0 + seconds(60)), 901);
    EXPECT_THAT(group.candidates(t0 + seconds(60)), ElementsAre("open")) << "901 + 100 > 1000";
}

TEST(Tags, MatchAnyOrAllAndFallBackToDefault) {
    Group group;
    group.settings.tag_filtering = true;
    group.add("free").tags = {"free", "eu"};
    group.add("paid").tags = {"paid"};
    group.add("rest").tags = {"default"};
    group.add("untagged");

    std::vector<std::string> tags = {"free", "us"};
    group.question.tags = tags;
    EXPECT_THAT(group.candidates(), ElementsAre("free"));
    group.settings.tag_match_any = false;
    EXPECT_THAT(group.candidates(), ElementsAre("rest"));
    group.question.tags = {};
    EXPECT_THAT(group.candidates(), ElementsAre("rest"));

    group.deployments[2]->tags.clear();
    EXPECT_THAT(group.candidates(), ElementsAre("free", "paid", "rest", "untagged"));
    group.question.tags = tags;
    ASSERT_TRUE(group.problem());
    EXPECT_EQ(group.problem()->status, 401);
}

TEST(SimpleShuffle, FollowsWeightsThenRpmThenTpm) {
    auto pair = [](auto&& change, double random) {
        Group group;
        auto& a = group.add("a");
        auto& b = group.add("b");
        change(a, b);
        return group.chosen(random);
    };
    auto weights = [](double a, double b) {
        return [=](Deployment& x, Deployment& y) {
            x.weight = a;
            y.weight = b;
        };
    };
    EXPECT_EQ(pair(weights(1, 3), 0.24), "a");
    EXPECT_EQ(pair(weights(1, 3), 0.26), "b");
    EXPECT_EQ(pair([](Deployment&, Deployment& b) { b.weight = 3; }, 0.0), "b") << "none is weight 0";
    EXPECT_EQ(pair(weights(0, 0), 0.6), "b") << "all zero is uniform";
    EXPECT_EQ(pair([](Deployment& a, Deployment& b) { a.rpm = 9, b.rpm = 1; }, 0.89), "a");
    EXPECT_EQ(pair([](Deployment& a, Deployment& b) { a.tpm = 9, b.tpm = 1; }, 0.91), "b");
    EXPECT_EQ(pair([](Deployment&, Deployment&) {}, 0.999999), "b");
}

TEST(Strategies, ChooseTheLeastBusyTheLeastUsedTheFastestOrTheCheapest) {
    Group group;
    auto& a = group.add("a");
    auto& b = group.add("b");
    a.state->in_flight = 3;
    b.state->in_flight = 2;
    group.settings.strategy = Strategy::LeastBusy;
    EXPECT_EQ(group.chosen(), "b");

    group.settings.strategy = Strategy::UsageBasedV2;
    a.state->tokens.add(minute_of(t0), 10);
    b.state->tokens.add(minute_of(t0), 20);
    EXPECT_EQ(group.chosen(), "a");

    group.settings.strategy = Strategy::CostBased;
    group.options[1].price = 1e-6;
    EXPECT_EQ(group.chosen(), "b") << "an unknown price counts as high";

    group.settings.strategy = Strategy::LatencyBased;
    a.state->latency.add(0.5, t0);
    EXPECT_EQ(group.chosen(), "b") << "unused ones are tried";
    b.state->latency.add(0.6, t0);
    EXPECT_EQ(group.chosen(0.99), "a");
    group.settings.lowest_latency_buffer = 0.25;
    EXPECT_EQ(group.chosen(0.99), "b") << "within a quarter of the best";
}

TEST(Strategies, GoByTheFirstTokenForStreams) {
    Group group;
    group.settings.strategy = Strategy::LatencyBased;
    group.question.stream = true;
    auto& a = group.add("a");
    auto& b = group.add("b");
    a.state->latency.add(1, t0);
    a.state->first_token.add(0.1, t0);
    b.state->latency.add(0.5, t0);
    b.state->first_token.add(0.2, t0);

    EXPECT_EQ(group.chosen(), "a");
}

TEST(Choice, PrefersWhatHasNotFailedInThisRequestAndHasRoom) {
    Group group;
    group.add("a").weight = 1000;
    group.add("b").weight = 1;
    group.options[0].failed_before = true;
    EXPECT_EQ(group.chosen(), "b");

    group.options[0].failed_before = false;
    group.deployments[0]->max_parallel_requests = 1;
    group.deployments[0]->state->in_flight = 1;
    EXPECT_EQ(group.chosen(), "b");
}

TEST(Choice, DerivesTheCapOnParallelRequests) {
    RoutingSettings settings;
    Deployment deployment;
    EXPECT_EQ(most_in_flight(deployment, settings), std::nullopt);
    settings.default_max_parallel_requests = 5;
    EXPECT_EQ(most_in_flight(deployment, settings), 5);
    deployment.tpm = 100'000;
    EXPECT_EQ(most_in_flight(deployment, settings), 16);
    deployment.tpm = 100;
    EXPECT_EQ(most_in_flight(deployment, settings), 1);
    deployment.rpm = 60;
    EXPECT_EQ(most_in_flight(deployment, settings), 60);
    deployment.max_parallel_requests = 2;
    EXPECT_EQ(most_in_flight(deployment, settings), 2);
}

TEST(Choice, StaysWithTheDeploymentThatKnowsThePromptWhileThatCanAnswer) {
    Group group;
    group.add("a");
    group.add("b");
    group.question.prefers = "b";
    EXPECT_EQ(group.chosen(0), "b");
    EXPECT_EQ(group.chosen(0.99), "b");

    group.options[1].failed_before = true;
    EXPECT_EQ(group.chosen(0.99), "a");

    group.options[1].failed_before = false;
    group.deployments[1]->state->cool_down(t0 + seconds(5), t0);
    EXPECT_EQ(group.chosen(0.99), "a");
}

}  // namespace seance::litellm
