#include "services/litellm/domain/unknown_fields.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace seance::litellm {
namespace {

UnknownFields of_key(const char* body) {
    return unknown_fields(RecordKind::Key, boost::json::parse(body).as_object());
}

std::string slip_of(const char* body) {
    auto unknown = of_key(body);
    return unknown.slip ? unknown.slip->message : "";
}

TEST(UnknownFields, RefusesALimitThatIsMisspelled) {
    for (auto field : {"max_bugdet", "maxBudget", "max-budget", "max_budegt", "MAX_BUDGET", "max_budgets"})
        EXPECT_NE(slip_of(("{\"" + std::string(field) + "\": 1}").c_str()).find("(did you mean max_budget?)"),
                  std::string::npos)
            << field;
    EXPECT_NE(slip_of(R"({"rpm": 5})").find("rpm_limit"), std::string::npos) << "the beginning of one alone";
    EXPECT_NE(slip_of(R"({"model": ["a"]})").find("models"), std::string::npos);
    EXPECT_EQ(of_key(R"({"max_bugdet": 1})").slip->param, "max_bugdet");
}

TEST(UnknownFields, ServesWhatRealClientsSendBeside) {
    auto unknown = of_key(R"({"max_budget": 1, "team_name": "a", "user_name": "b", "description": "c",
        "send_invite_email": true, "tpd_limit": 5, "user_alias": "d", "x": 1})");

    EXPECT_FALSE(unknown.slip) << unknown.slip->message;
    EXPECT_EQ(unknown.without_effect,
              (std::vector<std::string>{"team_name", "user_name", "description", "send_invite_email",
                                        "tpd_limit", "user_alias", "x"}));
}

TEST(UnknownFields, TakesBackWhatAnAnswerShowedAndFieldsThatAreNull) {
    auto unknown = of_key(R"({"key": "sk-1", "token": "t", "key_name": "n", "created_at": "c",
        "budget_reset_at": "b", "max_bugdet": null, "other": null})");

    EXPECT_FALSE(unknown.slip);
    EXPECT_TRUE(unknown.without_effect.empty());
}

TEST(UnknownFields, KnowsEachKindsOwn) {
    auto team = boost::json::parse(R"({"team_id": "t", "member": [], "max_budget_in_teem": 1})").as_object();
    auto customer = boost::json::parse(R"({"user_id": "u", "rpm_limit": 1, "max_bugdet": 1})").as_object();

    EXPECT_EQ(unknown_fields(RecordKind::Team, team).slip->param, "max_budget_in_teem");
    EXPECT_EQ(unknown_fields(RecordKind::Customer, customer).slip->param, "max_bugdet");
}

}  // namespace
}  // namespace seance::litellm
