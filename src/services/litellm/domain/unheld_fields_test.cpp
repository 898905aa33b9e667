#include "services/litellm/domain/unheld_fields.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "services/litellm/domain/entity.hpp"
#include "services/litellm/domain/route_class.hpp"

namespace seance::litellm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(std::string_view fields) {
    auto refused = refuse_unheld(boost::json::parse(fields).as_object());
    return refused ? refused->message : "";
}

}  // namespace

TEST(RefuseUnheld, NamesWhatNobodyHoldsHere) {
    EXPECT_THAT(refusal(R"({"guardrails":["pii"]})"), StartsWith("guardrails is not available"));
    EXPECT_THAT(refusal(R"({"metadata":{"guardrails":["pii"]}})"), StartsWith("metadata.guardrails is not"));
    EXPECT_THAT(refusal(R"({"config":{"model_list":[]}})"), HasSubstr("config.yaml"));
    EXPECT_THAT(refusal(R"({"auto_rotate":true})"), HasSubstr("/key/{key}/regenerate"));
    EXPECT_THAT(refusal(R"({"rotation_interval":"30d"})"), HasSubstr("/key/{key}/regenerate"));
    EXPECT_THAT(refusal(R"({"permissions":{"pii_masking":true}})"),
                StartsWith("permissions.pii_masking is not"));
    EXPECT_THAT(refusal(R"({"allowed_model_region":"eu"})"), StartsWith("allowed_model_region is not"));
}

TEST(RefuseUnheld, LetsValuesStayThatAskForNothing) {
    EXPECT_EQ(refusal(R"({"guardrails":[],"config":{},"auto_rotate":false,"rotation_interval":null,)"
                      R"("permissions":{"pii_masking":false,"get_spend_routes":true},)"
                      R"("metadata":{"team":"x"},"allowed_model_region":null})"),
              "");
}

TEST(RefuseUnheld, LeavesThePermissionToSeeSpendWhichRoutesKeep) {
    auto key = [](std::string permissions) {
        return read_entity(R"({"id":"a","purse":"p","permissions":)" + permissions + "}");
    };
    auto may = key(R"({"get_spend_routes":true})"), may_not = key("{}");

    EXPECT_TRUE(may_use_route(*may, false, "GET", "/global/spend"));
    EXPECT_TRUE(may_use_route(*may, false, "GET", "/global/spend/models"));
    EXPECT_FALSE(may_use_route(*may, false, "POST", "/global/spend/reset"));
    EXPECT_FALSE(may_use_route(*may, false, "GET", "/global/spending"));
    EXPECT_FALSE(may_use_route(*may, false, "GET", "/key/list"));
    EXPECT_FALSE(may_use_route(*may_not, false, "GET", "/global/spend"));
}

}  // namespace seance::litellm
