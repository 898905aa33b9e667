#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/config/reader.hpp"
#include "services/litellm/domain/provider.hpp"
#include "services/litellm/domain/upstream_link.hpp"
#include "services/litellm/routing/settings.hpp"
#include "services/litellm/routing/state.hpp"

namespace seance::litellm {

using Headers = std::vector<std::pair<std::string, std::string>>;
using JsonMembers = std::vector<std::pair<std::string, std::string>>;  // name, JSON text

// A role that Amazon's STS lends keys for.
struct AwsRole {
    std::string arn, session_name, external_id;
    std::string sts;  // address
};

struct AwsAccess {
    std::string region;
    SecretText id, secret, session;
    std::shared_ptr<const AwsRole> role = {};  // the keys are good for asking for its keys, and nothing else
};

// What a call is sent to. Of a wildcard deployment it is known only once a name is requested.
struct Endpoint {
    const Provider* provider = nullptr;
    std::string model;                          // as the upstream calls it
    std::string base;                           // without trailing slash
    SecretText key;                             // "" = none
    std::shared_ptr<const AwsAccess> aws = {};  // of Bedrock
    SharedLink link = {};                       // null: the configuration's
};

// What only some forms of upstreams ask of a deployment.
struct WireSettings {
    std::optional<bool> drop_params;          // remove what the provider does not support, instead of 400
    std::vector<std::string> allowed_params;  // passed on although the provider does not list them
    std::optional<std::uint64_t> max_output_tokens;  // model_info
    std::string aws_region, aws_profile, aws_role, aws_session_name, aws_external_id, aws_sts;
    SecretText aws_id, aws_secret, aws_session;
    SecretText azure_token;
    std::string vertex_project, vertex_location;
    SecretText vertex_credentials;
};

struct Deployment {
    std::string model_name;  // public; several of one name share the work
    std::string id;
    std::string litellm_model;  // as written in litellm_params.model
    std::string forced_provider;
    std::string api_base;
    std::string api_version;
    std::string organization;
    SecretText api_key;
    std::string ssl_verify;            // as written; "" = the configuration's
    SharedLink link;                   // what that means; null: the configuration's
    std::string missing_key_variable;  // api_key named this variable, which is not set

    std::optional<Duration> timeout, stream_timeout;
    std::optional<int> num_retries;
    std::optional<double> weight, rpm, tpm;
    std::optional<double> input_price, output_price;  // USD per token
    int order = 0;
    std::optional<int> max_parallel_requests;
    std::optional<Duration> cooldown_time;
    std::vector<std::string> tags;
    std::optional<Budget> budget;  // max_budget and budget_duration
    std::optional<std::int64_t> max_input_tokens;
    std::optional<std::string> mock_response;
    Headers headers;
    JsonMembers defaults;    // of the body; what the client sends wins
    JsonMembers extra_body;  // wins over what the client sends
    std::vector<std::string> drop_params;
    WireSettings wire;
    bool client_may_set_key = false, client_may_set_base = false;
    bool for_pass_through = false;  // its address and key are those of its provider's own routes

    std::string mode = "chat";
    std::string health_check_model;
    Duration health_check_timeout = std::chrono::seconds(60);
    int health_check_max_tokens = 1;
    bool no_background_check = false;
    std::string params_json;  // litellm_params without secrets, for /model/info
    std::string info_json;    // model_info with id

    std::string fingerprint;  // of all that is configured, secrets included

    // What the process has seen of it, over all loops and over reloads that leave it as it is.
    std::shared_ptr<DeploymentState> state = std::make_shared<DeploymentState>();

    bool is_wildcard() const;
};

// What one request changes about where it goes.
struct Overrides {
    std::string key, base;  // "" = as configured
    bool mocked = false;    // nobody is called at all
};

// Where calls for that model (litellm_model, or what a wildcard made of it) go, or the sentence that says why
// they cannot: unknown provider, no base URL, no key.
Outcome<Endpoint> find_endpoint(const Deployment& deployment, std::string_view model,
                                const config::Sources& environment, const Overrides& overrides = {});

}  // namespace seance::litellm
