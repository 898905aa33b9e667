#include "services/litellm/domain/wires/aws_role.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;
using testing::Not;

AwsAccess access() {
    WireSettings wire;
    wire.aws_role = "arn:aws:iam::123456789012:role/bedrock";
    wire.aws_external_id = "ext/1";
    return {"eu-west-1", SecretText("AKIA"), SecretText("secret"), SecretText("token"),
            find_role(wire, "eu-west-1", {})};
}

constexpr std::string_view kLent =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>s/+=</SecretAccessKey>\n<SessionToken>t</SessionToken>"
    "<Expiration>2026-11-26T04:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

}  // namespace

TEST(FindRole, ReadsTheDeploymentThenTheEnvironment) {
    WireSettings wire;
    EXPECT_FALSE(find_role(wire, "eu-west-1", {}));
    config::Sources environment{{"AWS_ROLE_NAME", "arn:env"}, {"AWS_SESSION_NAME", "me"}};
    EXPECT_EQ(find_role(wire, "eu-west-1", environment)->session_name, "me");
    wire.aws_role = "arn:own";
    wire.aws_sts = "https://sts.test";
    auto role = find_role(wire, "eu-west-1", environment);

    EXPECT_EQ(role->arn, "arn:own");
    EXPECT_EQ(role->sts, "https://sts.test");
    EXPECT_EQ(find_role(wire, "eu-west-1", {})->session_name, "litellm-session");
}

TEST(AssumeRole, IsAskedWithTheRoleAndSigned) {
    auto call = assume_role_call(access(), nullptr, 1'800'000'000);

    ASSERT_TRUE(call);
    EXPECT_EQ(call->url.origin.host, "sts.eu-west-1.amazonaws.com");
    EXPECT_EQ(call->request.body,
              "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A"
              "123456789012%3Arole%2Fbedrock&RoleSessionName=litellm-session&ExternalId=ext%2F1");
    EXPECT_THAT(std::string(call->request.fields.get("Authorization")),
                HasSubstr("Credential=AKIA/20270115/eu-west-1/sts/aws4_request"));
    EXPECT_EQ(call->request.fields.get("X-Amz-Security-Token"), "token");
}

TEST(LentKeys, AreReadFromTheAnswer) {
    auto lent = read_lent_keys(200, kLent, access());

    ASSERT_TRUE(lent);
    EXPECT_EQ(lent->access.id.reveal(), "ASIA");
    EXPECT_EQ(lent->access.secret.reveal(), "s/+=");
    EXPECT_EQ(lent->access.session.reveal(), "t");
    EXPECT_EQ(print_time(lent->expires), "2026-11-26T04:00:00.000Z");
    EXPECT_FALSE(lent->access.role);
}

TEST(LentKeys, AreRefusedInTheWordsOfSts) {
    auto refused = read_lent_keys(
        403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error>", access());

    EXPECT_EQ(refused.error().status, 401);
    EXPECT_THAT(refused.error().message, HasSubstr("role/bedrock: AccessDenied: not yours"));
    EXPECT_EQ(read_lent_keys(503, "", access()).error().status, 503);
    EXPECT_TRUE(read_lent_keys(503, "", access()).error().retryable);
    EXPECT_THAT(read_lent_keys(200, "<Html/>", access()).error().message, HasSubstr("holds no keys"));
    EXPECT_THAT(read_lent_keys(200, "<Html/>", access()).error().message, Not(HasSubstr("secret")));
}

}  // namespace seance::litellm
