#include "services/litellm/ledger/budget_gauges.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

constexpr NanoUsd kDollar = 1'000'000'000;

std::string value(const BudgetGauges& gauges, const std::string& name, UnixMs now = 0) {
    auto text = "\n" + gauges.render(now);
    auto line = text.find("\n" + name + "{");
    if (line == std::string::npos) return "none";
    auto end = text.find('\n', line + 1);
    auto space = text.rfind(' ', end);
    return text.substr(space + 1, end - space - 1);
}

std::string left(const BudgetGauges& gauges, UnixMs now = 0) {
    return value(gauges, "litellm_remaining_api_key_budget_metric", now);
}

BudgetGauges::Budget key(NanoUsd limit, NanoUsd spent) {
    return {false, "hash", "website", limit, spent, std::nullopt};
}

TEST(BudgetGauges, ShowWhatWasSeenLastAlsoIfMoreIsLeft) {
    BudgetGauges gauges;
    gauges.see("k", key(kDollar, kDollar / 2));
    gauges.see("k", key(5 * kDollar, kDollar / 2));

    EXPECT_EQ(left(gauges), "4.5");
    EXPECT_EQ(value(gauges, "litellm_api_key_max_budget_metric"), "5");
}

TEST(BudgetGauges, AddUpCallsThatEnd) {
    BudgetGauges gauges;
    gauges.see("k", key(kDollar, 0));
    gauges.see("k", key(kDollar, 0));
    gauges.charge("k", kDollar / 4);
    gauges.charge("k", kDollar / 4);
    gauges.charge("another", kDollar);

    EXPECT_EQ(left(gauges), "0.5");
    EXPECT_NE(
        gauges.render(0).find(
            "litellm_remaining_api_key_budget_metric{hashed_api_key=\"hash\",api_key_alias=\"website\"} "),
        std::string::npos);
}

TEST(BudgetGauges, FollowAChangeOfTheRecordAtOnce) {
    BudgetGauges gauges;
    gauges.see("k", key(kDollar, kDollar));

    gauges.change(*read_entity(R"({"id":"hash","purse":"k","max_budget":3})"), 0);
    EXPECT_EQ(left(gauges), "2");
    gauges.set_spent("k", 0);
    EXPECT_EQ(left(gauges), "3");
    gauges.change(*read_entity(R"({"id":"hash","purse":"k"})"), 0);
    EXPECT_EQ(left(gauges), "none") << "no budget any more";
}

TEST(BudgetGauges, ShowABudgetThatIsDueAsBegunAnew) {
    BudgetGauges gauges;
    auto budget = key(kDollar, kDollar);
    budget.begins_anew = 3'600'000;
    gauges.see("k", budget);

    EXPECT_EQ(left(gauges, 0), "0");
    EXPECT_EQ(value(gauges, "litellm_api_key_budget_remaining_hours_metric", 1'800'000), "0.5");
    EXPECT_EQ(left(gauges, 3'600'000), "1");
}

TEST(BudgetGauges, TellTeamsFromKeysAndForgetWhatIsGone) {
    BudgetGauges gauges;
    gauges.see("t", {true, "crew", "", 2 * kDollar, 0, std::nullopt});

    EXPECT_EQ(left(gauges), "none");
    EXPECT_EQ(value(gauges, "litellm_remaining_team_budget_metric"), "2");
    gauges.forget("t");
    EXPECT_EQ(gauges.render(0), "");
}

}  // namespace
}  // namespace seance::litellm
