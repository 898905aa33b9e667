#include "services/litellm/domain/unknown_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

// Which record is meant, and what becomes of it, by kind: key, user, team, customer, budget.
const std::vector<std::string>& named_fields(RecordKind kind) {
    static const std::vector<std::string> names[] = {
        {"key", "new_key"},
        {"user_id"},
        {"team_id", "members_with_roles", "member", "max_budget_in_team", "user_id", "role"},
        {"user_id"},
        {"budget_id"},
    };
    return names[static_cast<std::size_t>(kind)];
}

// What the HTTP API shows of a record beside its fields.
constexpr std::string_view kShown[] = {
    "token",      "token_id",   "key_name",    "created_at",      "created_by",
    "updated_at", "updated_by", "model_spend", "budget_reset_at", "litellm_budget_table",
};

// Fields of LiteLLM that nothing here keeps: real clients send them, however near they are to others.
constexpr std::string_view kOfLitellm[] = {
    "access_group_ids",
    "admins",
    "agent_id",
    "allowed_models",
    "allowed_passthrough_routes",
    "allowed_vector_store_indexes",
    "auto_create_key",
    "budget_fallbacks",
    "budget_limits",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "default_team_member_models",
    "denied_passthrough_routes",
    "disable_global_guardrails",
    "disabled_callbacks",
    "enable_prompt_caching",
    "end_user_budget_id",
    "enforced_batch_output_expires_after",
    "enforced_file_expires_after",
    "enforced_params",
    "grace_period",
    "mcp_rpm_limit",
    "members",
    "model_aliases",
    "new_master_key",
    "object_permission",
    "organizations",
    "password",
    "policies",
    "project_id",
    "prompts",
    "require_trace_id",
    "router_settings",
    "rpm_limit_type",
    "secret_manager_settings",
    "send_invite_email",
    "sso_user_id",
    "tag_rpm_limit",
    "team_member_budget",
    "team_member_budget_duration",
    "team_member_key_duration",
    "team_member_model_max_budget",
    "team_member_permissions",
    "team_member_rpm_limit",
    "team_member_tpm_limit",
    "teams",
    "throttle_on_budget_exceeded",
    "tpd_limit",
    "tpm_limit_type",
};

constexpr RecordKind kKinds[] = {RecordKind::Key, RecordKind::User, RecordKind::Team, RecordKind::Customer,
                                 RecordKind::Budget};

bool kept_by_another(std::string_view name) {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        for (auto kind : kKinds)
            for (auto& field : kept_fields(kind)) names.push_back(field);
        return names;
    }();
    return std::find(all.begin(), all.end(), name) != all.end();
}

// As if all wrote names one way: "maxBudget", "max-budget" and "max_budget" are the same.
std::string folded(std::string_view name) {
    auto text = lower(name);
    std::erase_if(text, [](char c) { return c == '_' || c == '-' || c == ' '; });
    return text;
}

// Two letters apart, of short words one: "max_bugdet" is a slip, "user_name" another word than "user_role".
std::string meant_by(std::string_view name, const std::vector<std::string>& known) {
    std::vector<std::string> same;
    same.reserve(known.size());
    for (auto& one : known) same.push_back(folded(one));
    auto word = folded(name);
    auto best = nearest(word, same, word.size() < 7 ? 1 : 2);
    auto at = std::find(same.begin(), same.end(), best);
    if (best.empty() || at == same.end()) return {};
    return known[static_cast<std::size_t>(at - same.begin())];
}

}  // namespace

UnknownFields unknown_fields(RecordKind kind, const boost::json::object& body) {
    auto known = kept_fields(kind);
    auto& named = named_fields(kind);
    known.insert(known.end(), named.begin(), named.end());
    UnknownFields unknown;
    for (auto& [name, value] : body) {
        auto is_name = [&field = name](auto& one) { return std::string_view(one) == field; };
        if (value.is_null() || std::any_of(known.begin(), known.end(), is_name)) continue;
        if (std::any_of(std::begin(kShown), std::end(kShown), is_name)) continue;
        if (std::none_of(std::begin(kOfLitellm), std::end(kOfLitellm), is_name) && !kept_by_another(name)) {
            if (auto meant = meant_by(name, known); !meant.empty()) {
                unknown.slip = bad_request(
                    fmt::format("{} is not a field of a {} (did you mean {}?). Nothing was changed: write it "
                                "as {}, or leave it out.",
                                std::string_view(name), name_of(kind), meant, meant),
                    std::string(name));
                return unknown;
            }
        }
        unknown.without_effect.emplace_back(name);
    }
    return unknown;
}

}  // namespace seance::litellm
