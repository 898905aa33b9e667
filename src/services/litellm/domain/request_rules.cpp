#include "services/litellm/domain/request_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/routing/policy_names.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kOwnModels[] = {"user_config", "model_list", "router_settings_override"};
constexpr std::string_view kMetadata[] = {"metadata", "litellm_metadata"};

template <class List>
bool is_in(std::string_view name, const List& list) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool asks_for_something(const JsonValue& value) {
    if (value.is(JsonKind::Array)) return !json_elements(value).empty();
    if (value.is(JsonKind::Object)) return !json_members(value).empty();
    return value.is(JsonKind::String) && value.text != "\"\"";
}

ApiError no_guardrails(std::string_view where) {
    return bad_request(
        fmt::format("{} asks for guardrails, and none are applied here, so the call is not made: leave them "
                    "out, and check texts before and after the call yourself",
                    where),
        std::string(where));
}

// As LiteLLM says it.
ApiError client_tags() {
    auto error = bad_request(
        "Client-side 'metadata.tags' not allowed in request. 'reject_clientside_metadata_tags'=True. Tags "
        "can "
        "only be set via API key metadata.",
        "metadata.tags");
    error.type = "bad_request_error";
    return error;
}

std::optional<ApiError> refuse_policy(std::string_view where, const JsonValue& policy) {
    if (policy.is(JsonKind::Null)) return std::nullopt;
    auto wrong = [&](std::string_view finding) {
        return bad_request(fmt::format("{} {}; write an object such as {{\"RateLimitErrorRetries\": 3}} with "
                                       "any of {}",
                                       where, finding, fmt::join(policy_keys("Retries"), ", ")),
                           std::string(where));
    };
    if (!policy.is(JsonKind::Object)) return wrong("is no object");
    for (auto& member : json_members(policy)) {
        if (policy_classes(member.key, "Retries").empty())
            return wrong(fmt::format("names {}, which is no class of errors", member.key));
        auto number = json_number(member.value);
        if (!member.value.is(JsonKind::Null) && (!number || *number < 0 || *number != std::floor(*number)))
            return wrong(fmt::format("has no whole number for {}", member.key));
    }
    return std::nullopt;
}

}  // namespace

std::optional<ApiError> refuse_members(const std::vector<JsonMember>& body, bool refuse_tags) {
    for (auto& member : body) {
        std::string_view name = member.key;
        if (is_in(name, kOwnModels) && !member.value.is(JsonKind::Null))
            return bad_request(
                fmt::format("Rejected Request: {} is not allowed in the request body. Models and their "
                            "routing are those of config.yaml: name one that `/v1/models` lists.",
                            name),
                std::string(name));
        if (name == "guardrails" && asks_for_something(member.value)) return no_guardrails(name);
        if (is_in(name, kMetadata) && member.value.is(JsonKind::Object))
            if (auto inner = json_find(member.value, "guardrails");
                inner && !inner->is(JsonKind::String) && asks_for_something(*inner))
                return no_guardrails(fmt::format("{}.guardrails", name));
        if (refuse_tags && name == "metadata" && member.value.is(JsonKind::Object) &&
            json_find(member.value, "tags"))
            return client_tags();
        if (name == "retry_policy")
            if (auto refused = refuse_policy(name, member.value)) return refused;
    }
    return std::nullopt;
}

}  // namespace seance::litellm
