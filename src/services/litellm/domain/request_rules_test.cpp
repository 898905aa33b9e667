#include "services/litellm/domain/request_rules.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view body) {
    auto refused = refuse_members(json_members(*parse_json(body)));
    return refused ? refused->message : "";
}

}  // namespace

TEST(RefuseMembers, OfModelsAndRoutingOfARequestsOwn) {
    for (auto name : {"user_config", "model_list", "router_settings_override"}) {
        auto body = std::string("{\"") + name + "\":{\"a\":1}}";
        auto refused = refuse_members(json_members(*parse_json(body)));

        ASSERT_TRUE(refused) << name;
        EXPECT_EQ(refused->status, 400);
        EXPECT_EQ(refused->param, name);
        EXPECT_THAT(refused->message, HasSubstr("is not allowed in the request body"));
        EXPECT_EQ(refusal(std::string("{\"") + name + "\":null}"), "");
    }
}

TEST(RefuseMembers, ThatAskForGuardrails) {
    EXPECT_THAT(refusal(R"({"guardrails":["pii"]})"), HasSubstr("guardrails asks for guardrails"));
    EXPECT_THAT(refusal(R"({"guardrails":{"pii":{}}})"), HasSubstr("none are applied"));
    EXPECT_THAT(refusal(R"({"metadata":{"guardrails":["pii"]}})"), HasSubstr("metadata.guardrails asks"));
    EXPECT_THAT(refusal(R"({"litellm_metadata":{"guardrails":["pii"]}})"), HasSubstr("litellm_metadata"));
    EXPECT_EQ(refusal(R"({"guardrails":[],"metadata":{"guardrails":"a note of the client's"}})"), "");
}

TEST(RefuseMembers, TagsWhereTheConfigurationSaysSo) {
    auto tagged = json_members(*parse_json(R"({"metadata":{"tags":["a"]}})"));

    auto refused = refuse_members(tagged, true);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->param, "metadata.tags");
    EXPECT_FALSE(refuse_members(tagged));
    EXPECT_FALSE(refuse_members(json_members(*parse_json(R"({"metadata":{"user_id":"u"}})")), true));
}

TEST(RefuseMembers, OfARetryPolicyInWordsThatMeanNothing) {
    EXPECT_EQ(refusal(R"({"retry_policy":{"RateLimitErrorRetries":3,"TimeoutErrorRetries":null}})"), "");
    EXPECT_THAT(refusal(R"({"retry_policy":3})"), HasSubstr("is no object"));
    EXPECT_THAT(refusal(R"({"retry_policy":{"RateLimitRetries":3}})"), HasSubstr("names RateLimitRetries"));
    EXPECT_THAT(refusal(R"({"retry_policy":{"RateLimitErrorRetries":1.5}})"), HasSubstr("no whole number"));
}

}  // namespace seance::litellm
