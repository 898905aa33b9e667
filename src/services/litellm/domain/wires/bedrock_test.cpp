#include <gmock/gmock.h>

#include "services/litellm/domain/wires/bedrock_answer.hpp"
#include "services/litellm/domain/wires/bedrock_request.hpp"
#include "services/litellm/domain/wires/bedrock_wire.hpp"

namespace seance::litellm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string make(std::string_view body, std::string_view model = "anthropic.claude-3", bool modify = false) {
    auto root = parse_json(body);
    return make_bedrock_request(*read_openai_chat(*root), model, modify)->body;
}

Outcome<Endpoint> find(const Deployment& deployment, config::Sources environment) {
    return find_endpoint(deployment, "bedrock/m", environment);
}

}  // namespace

TEST(BedrockWire, FindsTheModelBehindPrefixes) {
    EXPECT_EQ(bedrock_model("anthropic.claude-v2:1"), "anthropic.claude-v2:1");
    EXPECT_EQ(bedrock_model("converse/us.meta.llama"), "us.meta.llama");
    EXPECT_EQ(bedrock_model("us-gov-west-1/m"), "m");
    EXPECT_EQ(bedrock_model("converse/eu-west-1/m"), "m");
    EXPECT_EQ(bedrock_model("arn:aws:bedrock:us-east-1:1:inference-profile/x"),
              "arn:aws:bedrock:us-east-1:1:inference-profile/x");
}

TEST(BedrockWire, TakesKeysFromTheDeploymentThenTheEnvironment) {
    Deployment deployment;
    EXPECT_THAT(find(deployment, {}).error().what, HasSubstr("aws_region_name"));
    EXPECT_THAT(find(deployment, {{"AWS_REGION", "eu-west-1"}}).error().what, HasSubstr("AWS_ACCESS_KEY_ID"));
    config::Sources environment{
        {"AWS_REGION", "eu-west-1"}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}};
    auto from_environment = find(deployment, environment);
    EXPECT_EQ(from_environment->base, "https://bedrock-runtime.eu-west-1.amazonaws.com");
    EXPECT_EQ(from_environment->aws->id.reveal(), "a");
    deployment.wire.aws_id = SecretText("c");
    deployment.wire.aws_secret = SecretText("d");
    deployment.wire.aws_region = "us-east-2";
    EXPECT_EQ(find(deployment, environment)->aws->id.reveal(), "c");
    EXPECT_EQ(find(deployment, environment)->aws->region, "us-east-2");
    deployment.wire.aws_role = "arn";
    EXPECT_EQ(find(deployment, environment)->aws->role->sts, "https://sts.us-east-2.amazonaws.com");
}

TEST(BedrockRequest, AlternatesRolesAndLeavesOutBlankTexts) {
    EXPECT_THAT(
        make("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\" \"},{"
             "\"role\":\"user\",\"content\":\"b\"}]}"),
        HasSubstr("\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"},{\"text\":\"b\"}]}]"));
    EXPECT_THAT(make("{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}", "m", true),
                HasSubstr("[{\"role\":\"user\""));
}

TEST(BedrockRequest, ThinksOnlyWithModelsThatDo) {
    auto body = "{\"messages\":[],\"reasoning_effort\":\"low\",\"temperature\":0.5}";
    EXPECT_THAT(make(body), HasSubstr("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}"));
    EXPECT_THAT(make(body), Not(HasSubstr("temperature")));
    EXPECT_THAT(make(body, "openai.gpt-oss-120b"), HasSubstr("\"reasoning_effort\":\"low\""));
    auto root = parse_json(body);
    EXPECT_THAT(unsupported_by_bedrock(*read_openai_chat(*root), "amazon.nova"),
                testing::ElementsAre("reasoning_effort"));
}

TEST(BedrockRequest, LeavesToolsOutIfNoneMayBeUsed) {
    auto body = "{\"messages\":[],\"tools\":[{\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\"}";
    EXPECT_THAT(make(body), Not(HasSubstr("toolConfig")));
}

TEST(BedrockAnswer, MapsExceptions) {
    AnswerContext context{find_provider("bedrock"), SecretText("k"), "m", "id", 1, 1};
    EXPECT_EQ(bedrock_exception("throttlingException", "{}", context).status, 429);
    EXPECT_EQ(bedrock_exception("validationException", "{}", context).status, 400);
    EXPECT_EQ(bedrock_exception("modelStreamErrorException", "{}", context).status, 500);
    EXPECT_THAT(*bedrock_to_completion(
                    "{\"output\":{\"message\":{\"content\":[]}},\"stopReason\":\"guardrail_intervened\"}",
                    false, context),
                HasSubstr("\"finish_reason\":\"content_filter\""));
}

}  // namespace seance::litellm
