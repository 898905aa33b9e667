#include "services/litellm/config/aws_profiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

bool is_bedrock(const Deployment& deployment, const config::Sources& environment) {
    auto choice = choose_provider(deployment.litellm_model, deployment.forced_provider, deployment.api_base,
                                  environment);
    return choice.provider && choice.provider->wire == WireKind::Bedrock;
}

// The file that the variable names, or the usual one; "" if there is none.
std::string text_of(const char* variable, const char* usual, const config::Sources& environment,
                    const ReadFile& read_file) {
    auto path = first_set({variable}, environment);
    auto home = first_set({"HOME"}, environment);
    if (path.empty() && !home.empty()) path = fmt::format("{}/.aws/{}", home, usual);
    auto text = path.empty() ? Outcome<std::string>(Problem{}) : read_file(path);
    return text ? std::move(*text) : std::string();
}

void give_to_environment(const AwsProfile& profile, config::Sources& environment) {
    if (!first_set({"AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"}, environment).empty()) return;
    environment["AWS_ACCESS_KEY_ID"] = profile.id.reveal();
    environment["AWS_SECRET_ACCESS_KEY"] = profile.secret.reveal();
    environment["AWS_SESSION_TOKEN"] = profile.session.reveal();
    if (first_set({"AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"}, environment).empty())
        environment["AWS_REGION"] = profile.region;
}

}  // namespace

AwsProfiles AwsProfiles::parse(std::string_view credentials, std::string_view config) {
    AwsProfiles profiles;
    profiles.read(config);
    profiles.read(credentials);  // where both hold keys, these count
    return profiles;
}

void AwsProfiles::read(std::string_view text) {
    AwsProfile* profile = nullptr;
    for (auto line : split(text, '\n')) {
        line = trim(line);
        if (line.starts_with('[') && line.ends_with(']')) {
            auto name = trim(line.substr(1, line.size() - 2));
            if (name.starts_with("profile ")) name = trim(name.substr(8));
            profile = &profiles_[std::string(name)];
        }
        auto equals = line.find('=');
        if (!profile || equals == std::string_view::npos || line.starts_with('#') || line.starts_with(';'))
            continue;
        auto key = trim(line.substr(0, equals));
        std::string value(trim(line.substr(equals + 1)));
        if (key == "aws_access_key_id")
            profile->id = SecretText(std::move(value));
        else if (key == "aws_secret_access_key")
            profile->secret = SecretText(std::move(value));
        else if (key == "aws_session_token")
            profile->session = SecretText(std::move(value));
        else if (key == "region")
            profile->region = std::move(value);
    }
}

const AwsProfile* AwsProfiles::find(std::string_view name) const {
    auto found = profiles_.find(name);
    if (found == profiles_.end() || found->second.id.empty() || found->second.secret.empty()) return nullptr;
    return &found->second;
}

void use_aws_profiles(Config& config, const ReadFile& read_file) {
    auto& environment = config.environment;
    auto& all = config.deployments;
    if (std::none_of(all.begin(), all.end(), [&](auto& one) { return is_bedrock(*one, environment); }))
        return;
    auto profiles =
        AwsProfiles::parse(text_of("AWS_SHARED_CREDENTIALS_FILE", "credentials", environment, read_file),
                           text_of("AWS_CONFIG_FILE", "config", environment, read_file));
    auto usual = first_set({"AWS_PROFILE"}, environment);
    if (auto profile = profiles.find(usual.empty() ? "default" : usual))
        give_to_environment(*profile, environment);
    for (auto& deployment : all) {
        auto profile = profiles.find(deployment->wire.aws_profile);
        if (!profile) continue;  // a name that is not there is told when the deployment is called
        auto known = std::make_shared<Deployment>(*deployment);
        auto& wire = known->wire;
        wire.aws_id = profile->id;
        wire.aws_secret = profile->secret;
        wire.aws_session = profile->session;
        if (wire.aws_region.empty()) wire.aws_region = profile->region;
        wire.aws_profile.clear();
        deployment = std::move(known);
    }
}

}  // namespace seance::litellm
