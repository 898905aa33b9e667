#include "services/litellm/config/known_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

// One key a line, below the section it stands in ([] is the top level). A "~" marks what LiteLLM knows and
// this gateway accepts without effect; "~key:value" does so with that value alone, since any other is what
// happens here anyway.
constexpr std::string_view kTable = R"(
[]
model_list
litellm_settings
router_settings
general_settings
environment_variables
credential_list
include
~callback_settings
~guardrails
~mcp_servers
~search_tools
~vector_store_registry
~files_settings
[model_list]
model_name
litellm_params
model_info
tpm
rpm
[credential_list]
credential_name
credential_values
credential_info
[litellm_params]
model
api_key
api_base
base_url
api_version
custom_llm_provider
organization
timeout
stream_timeout
max_retries
num_retries
rpm
tpm
weight
order
max_parallel_requests
extra_headers
headers
extra_body
drop_params
additional_drop_params
allowed_openai_params
input_cost_per_token
output_cost_per_token
mock_response
configurable_clientside_auth_params
litellm_credential_name
cooldown_time
tags
max_budget
budget_duration
aws_access_key_id
aws_secret_access_key
aws_session_token
aws_region_name
aws_role_name
aws_profile_name
vertex_project
vertex_location
vertex_credentials
azure_ad_token
input_cost_per_second
output_cost_per_second
cache_read_input_token_cost
cache_creation_input_token_cost
use_in_pass_through
~ssl_verify
~tpm_limit
~rpm_limit
output_cost_per_reasoning_token
input_cost_per_token_above_128k_tokens
output_cost_per_token_above_128k_tokens
cache_read_input_token_cost_above_128k_tokens
cache_creation_input_token_cost_above_128k_tokens
input_cost_per_token_above_200k_tokens
output_cost_per_token_above_200k_tokens
cache_read_input_token_cost_above_200k_tokens
cache_creation_input_token_cost_above_200k_tokens
~tenant_id
~client_id
~client_secret
~azure_username
~azure_password
~azure_scope
~region_name
~aws_session_name
~aws_web_identity_token
~aws_sts_endpoint
~aws_external_id
~aws_bedrock_runtime_endpoint
~watsonx_region_name
~gcs_bucket_name
~s3_bucket_name
~max_file_size_mb
~use_litellm_proxy
~merge_reasoning_content_in_choices
~model_info
[router_settings]
routing_strategy
num_retries
retry_after
timeout
stream_timeout
model_group_alias
default_max_parallel_requests
default_litellm_params
~debug_level:DEBUG
~set_verbose:true
~ignore_invalid_deployments:false
~client_ttl
routing_strategy_args
allowed_fails
cooldown_time
disable_cooldowns
allowed_fails_policy
retry_policy
model_group_retry_policy
fallbacks
default_fallbacks
context_window_fallbacks
content_policy_fallbacks
max_fallbacks
enable_pre_call_checks
optional_pre_call_checks
enable_tag_filtering
tag_filtering_match_any
provider_budget_config
hedge_after
~cache_responses
~caching_groups
redis_host
redis_port
redis_password
redis_url
redis_db
~cache_kwargs
redis_username
redis_ssl
[litellm_settings]
drop_params
request_timeout
num_retries
~set_verbose:true
telemetry
~json_logs:false
turn_off_message_logging
redact_user_api_key_info
fallbacks
default_fallbacks
context_window_fallbacks
content_policy_fallbacks
allowed_fails
cooldown_time
modify_params
cache
cache_params
max_budget
budget_duration
max_user_budget
max_internal_user_budget
default_key_generate_params
upperbound_key_generate_params
~default_team_settings
~key_generation_settings
success_callback
failure_callback
callbacks
service_callback
service_callbacks
~force_ipv4
~ssl_verify
~enable_json_schema_validation
~include_cost_in_streaming_usage
require_auth_for_metrics_endpoint
~prometheus_metrics_config
~custom_prometheus_metadata_labels
~public_model_groups
~network_mock
max_end_user_budget
internal_user_budget_duration
default_team_params
[general_settings]
master_key
completion_model
max_request_size_mb
litellm_key_header_name
forward_client_headers_to_llm_api
forward_openai_org_id
always_include_stream_usage
health_check_details
public_routes
disable_spend_logs
disable_spend_updates
max_response_size_mb
dangerously_allow_mock_testing_request_params
background_health_checks
health_check_interval
database_url
embedding_model
image_generation_model
moderation_model
store_prompts_in_spend_logs
maximum_spend_logs_retention_period
~maximum_spend_logs_retention_interval
max_parallel_requests
global_max_parallel_requests
allowed_ips
use_x_forwarded_for
token_rate_limit_type
enforce_user_param
allow_requests_on_db_unavailable
user_api_key_cache_ttl
~proxy_batch_write_at
~proxy_budget_rescheduler_min_time
~proxy_budget_rescheduler_max_time
pass_through_endpoints
~default_team_disabled
admin_only_routes
~alerting
~alerting_threshold
~infer_model_from_keys
~store_model_in_db
~custom_auth
~enable_jwt_auth
maximum_spend_logs_count
budget_exceeded_status
allowed_routes
)";

const std::vector<KnownKeys>& sections() {
    static const std::vector<KnownKeys> table = [] {
        std::vector<KnownKeys> read;
        std::string_view rest = kTable;
        while (!rest.empty()) {
            auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            if (line.starts_with('['))
                read.push_back({line.substr(1, line.size() - 2), {}, {}, {}});
            else if (auto colon = line.find(':'); line.starts_with('~') && colon != line.npos)
                read.back().vain.emplace(line.substr(1, colon - 1), line.substr(colon + 1));
            else if (line.starts_with('~'))
                read.back().later.emplace_back(line.substr(1));
            else if (!line.empty())
                read.back().used.emplace_back(line);
        }
        return read;
    }();
    return table;
}

bool holds(const std::vector<std::string>& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

const KnownKeys& known_keys(std::string_view section) {
    for (auto& keys : sections())
        if (keys.section == section) return keys;
    static const KnownKeys none;
    return none;
}

std::string without_effect(const Node& value, std::string_view path) {
    return fmt::format("{}{} is recognised, but has no effect here", value.place(), path);
}

void warn_about_keys(const Node& map, std::string_view section, Notes& notes) {
    auto& known = known_keys(section);
    auto prefix = section.empty() ? std::string() : fmt::format("{}.", section);
    for (auto& [key, value] : map.members) {
        if (holds(known.used, key)) continue;
        if (auto vain = known.vain.find(key); vain != known.vain.end()) {
            if (iequals(value.text, vain->second))
                notes.warnings.push_back(without_effect(value, prefix + key + ": " + value.text));
            continue;
        }
        if (holds(known.later, key)) {
            notes.warnings.push_back(without_effect(value, prefix + key));
            continue;
        }
        std::vector<std::string> all = known.used;
        all.insert(all.end(), known.later.begin(), known.later.end());
        notes.warnings.push_back(fmt::format("{}{}{} is not a known key{}; it is ignored", value.place(),
                                             prefix, key, did_you_mean(key, all)));
    }
}

}  // namespace seance::litellm
