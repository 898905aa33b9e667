#include "services/litellm/domain/record_fields.hpp"

#include <fmt/format.h>

#include <cmath>

#include "services/litellm/domain/entity.hpp"
#include "services/litellm/domain/unheld_fields.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

enum class Type { Text, Usd, Count, Flag, Texts, Map, ModelUsd, ModelCounts, Period, Time };

constexpr unsigned kKey = 1, kUser = 2, kTeam = 4, kCustomer = 8, kBudget = 16, kAll = 31;
constexpr unsigned kBudgeted = kKey | kUser | kTeam | kBudget;

struct Rule {
    std::string_view name;
    Type type;
    unsigned kinds;
};

constexpr Rule kRules[] = {
    {"key_alias", Type::Text, kKey},
    {"team_alias", Type::Text, kTeam},
    {"user_alias", Type::Text, kUser},
    {"alias", Type::Text, kCustomer},
    {"user_email", Type::Text, kUser},
    {"user_role", Type::Text, kUser},
    {"models", Type::Texts, kKey | kUser | kTeam | kCustomer},
    {"aliases", Type::Map, kKey},
    {"config", Type::Map, kKey},
    {"permissions", Type::Map, kKey},
    {"metadata", Type::Map, kKey | kUser | kTeam},
    {"spend", Type::Usd, kKey | kUser | kTeam | kCustomer},
    {"max_budget", Type::Usd, kAll},
    {"soft_budget", Type::Usd, kAll},
    {"budget_duration", Type::Period, kAll},
    {"budget_id", Type::Text, kKey | kTeam | kCustomer},
    {"temp_budget_increase", Type::Usd, kKey},
    {"temp_budget_expiry", Type::Time, kKey},
    {"model_max_budget", Type::ModelUsd, kBudgeted},
    {"max_parallel_requests", Type::Count, kAll},
    {"tpm_limit", Type::Count, kAll},
    {"rpm_limit", Type::Count, kAll},
    {"model_tpm_limit", Type::ModelCounts, kKey | kTeam},
    {"model_rpm_limit", Type::ModelCounts, kKey | kTeam},
    {"member_budgets", Type::Map, kTeam},
    {"tags", Type::Texts, kKey},
    {"user_id", Type::Text, kKey},
    {"team_id", Type::Text, kKey},
    {"organization_id", Type::Text, kKey | kTeam},
    {"allowed_routes", Type::Texts, kKey},
    {"allowed_cache_controls", Type::Texts, kKey},
    {"guardrails", Type::Texts, kKey | kTeam},
    {"blocked", Type::Flag, kKey | kTeam | kCustomer},
    {"key_type", Type::Text, kKey},
    {"auto_rotate", Type::Flag, kKey},
    {"rotation_interval", Type::Period, kKey},
    {"duration", Type::Period, kKey | kUser},
    {"expires", Type::Time, kKey},
    {"allowed_model_region", Type::Text, kCustomer},
    {"default_model", Type::Text, kCustomer},
};

std::string_view words_for(Type type) {
    switch (type) {
        case Type::Text:
            return "a text";
        case Type::Usd:
            return "an amount in USD, not negative";
        case Type::Count:
            return "a whole number, not negative";
        case Type::Flag:
            return "true or false";
        case Type::Texts:
            return "a list of texts";
        case Type::Map:
            return "an object";
        case Type::ModelUsd:
            return "an object of models, each with {\"budget_limit\": USD, \"time_period\": \"30d\"} or USD "
                   "alone";
        case Type::ModelCounts:
            return "an object of models, each with a whole number, not negative";
        case Type::Period:
            return "a time such as 30s, 12h, 30d or 1mo";
        case Type::Time:
            return "a UTC time such as 2027-01-31T00:00:00Z";
    }
    return "";
}

bool is_usd(std::optional<double> number) {
    return number && *number >= 0 && *number <= kMostUsd;
}
bool is_count(std::optional<double> number) {
    return number && *number >= 0 && *number < 1e15 && std::floor(*number) == *number;
}
bool is_period(const json::value& value) {
    return value.is_string() && read_period(std::string_view(value.get_string()));
}

// A limit and a time of a model, by both names that each has; other members of LiteLLM's stay as they are.
bool is_model_budget(const json::object& budget) {
    bool limited = false;
    for (auto& [name, value] : budget) {
        bool usd = name == "budget_limit" || name == "max_budget";
        bool count = name == "tpm_limit" || name == "rpm_limit";
        bool period = name == "time_period" || name == "budget_duration";
        limited |= usd || count;
        if (value.is_null()) continue;
        if ((usd && !is_usd(number_of(budget, name))) || (count && !is_count(number_of(budget, name))) ||
            (period && !is_period(value)))
            return false;
    }
    return limited;
}

bool all_models(const json::value& value, Type type) {
    if (!value.is_object()) return false;
    auto& models = value.get_object();
    for (auto& [model, limit] : models) {
        auto number = number_of(models, model);
        bool good = type == Type::ModelCounts ? is_count(number)
                    : limit.is_object()       ? is_model_budget(limit.get_object())
                                              : is_usd(number);
        if (!good) return false;
    }
    return true;
}

bool fits(const json::object& body, const json::value& value, const Rule& rule) {
    if (value.is_null()) return true;
    switch (rule.type) {
        case Type::Text:
            return value.is_string() && value.get_string().size() <= 512;
        case Type::Usd:
            return is_usd(number_of(body, rule.name));
        case Type::Count:
            return is_count(number_of(body, rule.name));
        case Type::Flag:
            return value.is_bool();
        case Type::Texts:
            if (!value.is_array()) return false;
            for (auto& item : value.get_array())
                if (!item.is_string()) return false;
            return true;
        case Type::Map:
            return value.is_object();
        case Type::ModelUsd:
        case Type::ModelCounts:
            return all_models(value, rule.type);
        case Type::Period:
            return is_period(value);
        case Type::Time:
            return value.is_string() && parse_time(std::string_view(value.get_string()));
    }
    return false;
}

unsigned bit(RecordKind kind) {
    return 1u << static_cast<unsigned>(kind);
}

std::optional<ApiError> check_words(const json::object& fields) {
    auto one_of = [&](std::string_view name, std::initializer_list<std::string_view> words,
                      std::string_view said) -> std::optional<ApiError> {
        auto text = text_of(fields, name);
        if (!text) return std::nullopt;
        for (auto word : words)
            if (*text == word) return std::nullopt;
        return bad_request(fmt::format("{} is \"{}\"; write {}", name, *text, said), std::string(name));
    };
    if (auto wrong = one_of("key_type", {"default", "llm_api", "management", "read_only"},
                            "default, llm_api, management or read_only"))
        return wrong;
    return one_of(
        "user_role",
        {"proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer", "customer", "team"},
        "proxy_admin, proxy_admin_viewer, internal_user or internal_user_viewer");
}

}  // namespace

std::string_view name_of(RecordKind kind) {
    constexpr std::string_view names[] = {"key", "user", "team", "customer", "budget"};
    return names[static_cast<std::size_t>(kind)];
}

std::vector<std::string> kept_fields(RecordKind kind) {
    std::vector<std::string> names;
    for (auto& rule : kRules)
        if (rule.kinds & bit(kind)) names.emplace_back(rule.name);
    return names;
}

Answer<json::object> read_fields(RecordKind kind, const json::object& body, UnixMs now) {
    json::object fields;
    for (auto& rule : kRules) {
        if (!(rule.kinds & bit(kind))) continue;
        auto value = body.if_contains(rule.name);
        if (!value) continue;
        if (!fits(body, *value, rule))
            return bad_request(fmt::format("{} must be {}", rule.name, words_for(rule.type)),
                               std::string(rule.name));
        if (rule.name == "duration") {
            if (kind != RecordKind::Key) continue;
            if (auto text = text_of(body, "duration"))
                fields["expires"] = print_time(next_reset(*read_period(*text), now, now));
            else
                fields["expires"] = nullptr;
        } else if ((rule.type == Type::Usd || rule.type == Type::Count) && value->is_string()) {
            fields[rule.name] = *number_of(body, rule.name);
        } else {
            fields[rule.name] = *value;
        }
    }
    if (auto wrong = check_words(fields)) return std::move(*wrong);
    if (auto refused = refuse_unheld(fields)) return std::move(*refused);
    return fields;
}

}  // namespace seance::litellm
