#include "services/litellm/config/aws_profiles.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;

constexpr std::string_view kCredentials =
    "# keys\n[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = s1\n\n"
    "[work]\naws_access_key_id=AKWORK\n aws_secret_access_key=s=2\naws_session_token = t\n[empty]\n";
constexpr std::string_view kConfig = "[profile work]\nregion = eu-west-1\n[default]\nregion = us-east-1\n";

// One deployment of Bedrock with these parameters.
Config configured(const std::string& params, config::Sources environment) {
    ReadFile read_file = [&](const std::string& path) -> Outcome<std::string> {
        auto text = path == "/home/me/.aws/credentials" ? std::string(kCredentials)
                    : path == "/home/me/.aws/config"    ? std::string(kConfig)
                    : path == "config.yaml"
                        ? "model_list: [{model_name: a, litellm_params: {model: bedrock/m" + params + "}}]\n"
                        : std::string();
        if (text.empty()) return Problem{path};
        return Outcome<std::string>(boost::system::in_place_value, std::move(text));
    };
    return std::move(*read_config("config.yaml", read_file, std::move(environment)));
}

Outcome<Endpoint> endpoint(const Config& config) {
    auto& deployment = *config.deployments.at(0);
    return find_endpoint(deployment, deployment.litellm_model, config.environment);
}

}  // namespace

TEST(AwsProfiles, AreReadAsAwssToolsWriteThem) {
    auto profiles = AwsProfiles::parse(kCredentials, kConfig);

    ASSERT_TRUE(profiles.find("work"));
    EXPECT_EQ(profiles.find("work")->secret.reveal(), "s=2");
    EXPECT_EQ(profiles.find("work")->session.reveal(), "t");
    EXPECT_EQ(profiles.find("work")->region, "eu-west-1");
    EXPECT_FALSE(profiles.find("empty"));
    EXPECT_FALSE(profiles.find("absent"));
}

TEST(AwsProfiles, GiveADeploymentTheKeysOfTheOneItNames) {
    auto named = endpoint(configured(", aws_profile_name: work", {{"HOME", "/home/me"}}));

    ASSERT_TRUE(named.has_value()) << named.error().what;
    EXPECT_EQ(named->aws->id.reveal(), "AKWORK");
    EXPECT_EQ(named->aws->region, "eu-west-1");
    EXPECT_THAT(endpoint(configured(", aws_profile_name: absent", {{"HOME", "/home/me"}})).error().what,
                HasSubstr("\"absent\" holds no keys"));
}

TEST(AwsProfiles, StandInForVariablesThatAreNotSet) {
    auto usual = endpoint(configured("", {{"HOME", "/home/me"}}));
    auto chosen = endpoint(configured("", {{"HOME", "/home/me"}, {"AWS_PROFILE", "work"}}));
    auto own = endpoint(configured("", {{"HOME", "/home/me"},
                                        {"AWS_ACCESS_KEY_ID", "AKENV"},
                                        {"AWS_SECRET_ACCESS_KEY", "s"},
                                        {"AWS_REGION", "r"}}));

    ASSERT_TRUE(usual && chosen && own);
    EXPECT_EQ(usual->aws->id.reveal(), "AKDEFAULT");
    EXPECT_EQ(usual->aws->region, "us-east-1");
    EXPECT_EQ(chosen->aws->id.reveal(), "AKWORK");
    EXPECT_EQ(own->aws->id.reveal(), "AKENV");
}

}  // namespace seance::litellm
