#pragma once
#include <map>
#include <string>
#include <string_view>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

struct AwsProfile {
    SecretText id, secret, session;
    std::string region;
};

// The profiles of AWS's own tools: ~/.aws/credentials, and regions of ~/.aws/config. What they say of roles,
// single sign-on and other programs is not followed.
class AwsProfiles {
  public:
    static AwsProfiles parse(std::string_view credentials, std::string_view config);
    const AwsProfile* find(std::string_view name) const;  // with a key; else null

  private:
    void read(std::string_view text);
    std::map<std::string, AwsProfile, std::less<>> profiles_;
};

// Gives deployments of Bedrock the keys of the profile that they name, and those that name none what
// AWS_PROFILE or the profile `default` holds where the environment has no keys: they join
// `config.environment`. The files are read only if there is a deployment of Bedrock.
void use_aws_profiles(Config& config, const ReadFile& read_file);

}  // namespace seance::litellm
