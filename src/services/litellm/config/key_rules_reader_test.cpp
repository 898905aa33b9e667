#include "services/litellm/config/key_rules_reader.hpp"

#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Rules {
    explicit Rules(const std::string& yaml) {
        read_key_rules(*parse_yaml(yaml, "config.yaml", notes), config, notes);
    }
    Notes notes;
    LedgerConfig config;
};

}  // namespace

TEST(ReadKeyRules, LeavesOutDefaultsThatNoRecordTakesAndSaysWhy) {
    Rules rules(
        "default_key_generate_params: {max_budget: much, rpm_limit: 3, duration: 30d}\n"
        "default_team_params: {tpm_limit: 5, colour: red}\n");

    EXPECT_EQ(boost::json::serialize(rules.config.key_defaults), R"({"rpm_limit":3,"duration":"30d"})");
    EXPECT_EQ(boost::json::serialize(rules.config.team_defaults), R"({"tpm_limit":5})");
    EXPECT_THAT(
        rules.notes.errors,
        ElementsAre(HasSubstr("config.yaml:1: litellm_settings.default_key_generate_params: max_budget "
                              "must be an amount in USD")));
    EXPECT_THAT(rules.notes.warnings, ElementsAre(HasSubstr("a team has no colour here")));
}

TEST(ReadKeyRules, TakesTheFirstTeamSettingsBudgetWhereNoDefaultSaysOne) {
    Rules alone("default_team_settings: [{team_id: a, max_budget: 2}, {team_id: b, max_budget: 9}]\n");
    Rules both(
        "default_team_params: {max_budget: 7}\ndefault_team_settings: [{team_id: a, max_budget: 2}]\n");

    EXPECT_EQ(boost::json::serialize(alone.config.team_defaults), R"({"max_budget":2E0})");
    EXPECT_THAT(alone.notes.warnings, ElementsAre(HasSubstr("default_team_settings.max_budget")));
    EXPECT_EQ(boost::json::serialize(both.config.team_defaults), R"({"max_budget":7})");
}

TEST(ReadKeyRules, TellsOfTeamSettingsWithoutEffect) {
    Rules rules("default_team_settings: [{success_callback: [langfuse]}]\n");

    EXPECT_THAT(rules.notes.errors, ElementsAre(HasSubstr("has no team_id")));
    EXPECT_THAT(rules.notes.warnings, ElementsAre(HasSubstr("default_team_settings.success_callback")));
}

TEST(ReadKeyRules, ReadsWhatARequestForAKeyHasToName) {
    Rules rules(
        "key_generation_settings:\n"
        "  team_key_generation: {allowed_team_member_roles: [admin]}\n"
        "  personal_key_generation: {allowed_user_roles: [proxy_admin], required_params: [user_id]}\n");

    EXPECT_THAT(rules.config.key_generation.required, ElementsAre("user_id"));
    EXPECT_THAT(*rules.config.key_generation.roles, ElementsAre("proxy_admin"));
    EXPECT_THAT(rules.notes.errors, IsEmpty());
}

TEST(ReadKeyRules, NamesARuleThatDoesNotExist) {
    Rules rules("key_generation_settings: {personal_key_generation: {required_parameters: [user_id]}}\n");

    EXPECT_THAT(
        rules.notes.errors,
        ElementsAre(HasSubstr("personal_key_generation.required_parameters is no rule about keys; write "
                              "allowed_user_roles or required_params")));
}

}  // namespace seance::litellm
