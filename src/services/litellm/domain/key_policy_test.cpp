#include "services/litellm/domain/key_policy.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr UnixMs kNow = 1'800'000'000'000;

json::object object(std::string_view text) {
    return json::parse(text).as_object();
}

std::string clamped(std::string_view fields, std::string_view bounds, Clamp what) {
    auto made = object(fields);
    clamp_fields(made, object(bounds), kNow, what);
    return json::serialize(made);
}

}  // namespace

TEST(CheckGeneration, AsksForTheFieldsThatKeysOfNoTeamNeed) {
    KeyGeneration rules{.roles = std::nullopt, .required = {"user_id", "max_budget"}};

    EXPECT_EQ(check_generation(rules, object(R"({"user_id":"ada"})"))->message,
              "Required param max_budget not in data");
    EXPECT_FALSE(check_generation(rules, object(R"({"user_id":"ada","max_budget":null})")));
    EXPECT_FALSE(check_generation(rules, object(R"({"team_id":"t"})")));
}

TEST(CheckGeneration, LetsOnlyTheRolesMakeKeysThatMay) {
    KeyGeneration rules{.roles = {{"internal_user"}}, .required = {}};

    EXPECT_EQ(check_generation(rules, {})->status, 400);
    EXPECT_EQ(check_generation(rules, {})->message,
              "Personal key creation has been restricted by admin. Allowed roles=[\"internal_user\"]. Your "
              "role=proxy_admin");
    rules.roles = {{"internal_user", "proxy_admin"}};
    EXPECT_FALSE(check_generation(rules, {}));
}

TEST(FillFields, TakesTheDefaultForWhatIsOpenOrNull) {
    auto defaults = object(R"({"max_budget":1,"rpm_limit":2,"tpm_limit":3,"budget_duration":"1d"})");
    auto sent = object(R"({"max_budget":null,"rpm_limit":5,"budget_duration":null})");
    auto fields = sent;

    fill_fields(fields, defaults, sent);

    EXPECT_EQ(fields, object(R"({"max_budget":1,"rpm_limit":5,"budget_duration":null,"tpm_limit":3})"));
}

TEST(ClampFields, BringsANewKeyBelowEveryBound) {
    EXPECT_EQ(clamped(R"({"max_budget":9,"rpm_limit":1})", R"({"max_budget":5,"rpm_limit":3,"tpm_limit":7})",
                      Clamp::Whole),
              R"({"max_budget":5,"rpm_limit":1,"tpm_limit":7})");
    EXPECT_EQ(clamped(R"({"budget_duration":"1mo"})", R"({"budget_duration":"7d"})", Clamp::Whole),
              R"({"budget_duration":"7d"})");
    EXPECT_EQ(clamped(R"({"budget_duration":"1d"})", R"({"budget_duration":"7d"})", Clamp::Whole),
              R"({"budget_duration":"1d"})");
    EXPECT_EQ(clamped("{}", R"({"duration":"1d"})", Clamp::Whole),
              R"({"expires":")" + print_time(kNow + 86'400'000) + R"("})");
}

TEST(ClampFields, TouchesOfAChangeOnlyWhatItNames) {
    constexpr auto bounds = R"({"max_budget":5,"rpm_limit":3,"duration":"1d","budget_duration":"7d"})";

    EXPECT_EQ(clamped(R"({"rpm_limit":9})", bounds, Clamp::Change), R"({"rpm_limit":3})");
    EXPECT_EQ(clamped(R"({"max_budget":null})", bounds, Clamp::Change), R"({"max_budget":5})");
    EXPECT_EQ(clamped(R"({"expires":null})", bounds, Clamp::Change),
              R"({"expires":")" + print_time(kNow + 86'400'000) + R"("})");
    EXPECT_EQ(clamped("{}", bounds, Clamp::Change), "{}");
}

}  // namespace seance::litellm
