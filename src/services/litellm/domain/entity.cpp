#include "services/litellm/domain/entity.hpp"

#include <boost/json/parse.hpp>
#include <cmath>
#include <cstdlib>

namespace seance::litellm {
namespace {

namespace json = boost::json;

const json::object* object_of(const json::object& from, std::string_view name) {
    auto found = from.if_contains(name);
    return found ? found->if_object() : nullptr;
}

std::optional<double> as_number(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    if (!value.is_string() || value.get_string().empty()) return std::nullopt;
    std::string text(value.get_string());
    char* end = nullptr;
    auto number = std::strtod(text.c_str(), &end);
    return *end == '\0' && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::map<std::string, std::int64_t, std::less<>> counts_of(const json::object& from, std::string_view name) {
    std::map<std::string, std::int64_t, std::less<>> counts;
    if (auto map = object_of(from, name))
        for (auto& [key, value] : *map)
            if (auto number = as_number(value)) counts[std::string(key)] = std::llround(*number);
    return counts;
}

}  // namespace

std::optional<NanoUsd> Limits::budget_at(UnixMs now) const {
    if (!max_budget || !extra_budget || !extra_until || *extra_until <= now) return max_budget;
    return *max_budget + *extra_budget;
}

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
    auto found = object.if_contains(name);
    if (!found || !found->is_string()) return std::nullopt;
    return std::string(found->get_string());
}

std::optional<double> number_of(const json::object& object, std::string_view name) {
    auto found = object.if_contains(name);
    return found ? as_number(*found) : std::nullopt;
}

std::optional<std::int64_t> integer_of(const json::object& object, std::string_view name) {
    auto number = number_of(object, name);
    if (!number || std::fabs(*number) > 9e15) return std::nullopt;
    return std::llround(*number);
}

bool flag_of(const json::object& object, std::string_view name) {
    auto found = object.if_contains(name);
    return found && found->is_bool() && found->get_bool();
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
    std::vector<std::string> texts;
    auto found = object.if_contains(name);
    if (!found || !found->is_array()) return texts;
    for (auto& item : found->get_array())
        if (item.is_string()) texts.emplace_back(item.get_string());
    return texts;
}

std::optional<NanoUsd> usd_of(const json::object& object, std::string_view name) {
    auto number = number_of(object, name);
    return number ? to_nanos(*number) : std::nullopt;
}

EntityPtr read_entity(std::string text) {
    boost::system::error_code wrong;
    auto value = json::parse(text, wrong);
    if (wrong || !value.is_object()) return nullptr;
    auto entity = std::make_shared<Entity>();
    entity->json = std::move(value.get_object());
    entity->text = std::move(text);
    auto& from = entity->json;
    entity->id = text_of(from, "id").value_or("");
    entity->purse = text_of(from, "purse").value_or("");
    if (entity->purse.empty()) return nullptr;
    entity->alias = text_of(from, "key_alias").value_or(text_of(from, "team_alias").value_or(""));
    entity->user_id = text_of(from, "user_id").value_or("");
    entity->team_id = text_of(from, "team_id").value_or("");
    entity->kind = text_of(from, "key_type").value_or(text_of(from, "user_role").value_or(""));
    entity->models = texts_of(from, "models");
    if (auto aliases = object_of(from, "aliases"))
        for (auto& [name, target] : *aliases)
            if (target.is_string()) entity->aliases[std::string(name)] = std::string(target.get_string());
    entity->allowed_routes = texts_of(from, "allowed_routes");
    entity->cache_controls = texts_of(from, "allowed_cache_controls");
    entity->tags = texts_of(from, "tags");
    entity->blocked = flag_of(from, "blocked");
    if (auto metadata = object_of(from, "metadata")) {
        entity->may_mock = flag_of(*metadata, "allow_client_mock_response");
        for (auto& tag : texts_of(*metadata, "tags")) entity->tags.push_back(std::move(tag));
    }
    if (auto permissions = object_of(from, "permissions"))
        entity->sees_spend = flag_of(*permissions, "get_spend_routes");
    if (auto when = text_of(from, "expires")) entity->expires = parse_time(*when);
    auto& limits = entity->limits;
    limits.max_budget = usd_of(from, "max_budget");
    limits.soft_budget = usd_of(from, "soft_budget");
    limits.extra_budget = usd_of(from, "temp_budget_increase");
    if (auto when = text_of(from, "temp_budget_expiry")) limits.extra_until = parse_time(*when);
    limits.rpm = integer_of(from, "rpm_limit");
    limits.tpm = integer_of(from, "tpm_limit");
    limits.parallel = integer_of(from, "max_parallel_requests");
    entity->budget_id = text_of(from, "budget_id").value_or("");
    if (auto period = read_period(text_of(from, "budget_duration").value_or("")))
        entity->period = period->code();
    entity->model_rpm = counts_of(from, "model_rpm_limit");
    entity->model_tpm = counts_of(from, "model_tpm_limit");
    if (auto budgets = object_of(from, "model_max_budget"))
        for (auto& [model, budget] : *budgets) {
            ModelBudget one;
            if (auto plain = as_number(budget)) {
                one.limit = to_nanos(*plain).value_or(0);
            } else if (budget.is_object()) {
                auto& map = budget.get_object();
                auto limit = usd_of(map, "budget_limit");
                if (!limit) limit = usd_of(map, "max_budget");
                if (!limit) continue;
                one.limit = *limit;
                auto period = text_of(map, "time_period");
                if (!period) period = text_of(map, "budget_duration");
                if (period) one.period = read_period(*period);
            } else {
                continue;
            }
            entity->model_budgets[std::string(model)] = one;
        }
    return entity;
}

EntityPtr with_budget(const EntityPtr& entity, const EntityPtr& budget) {
    if (!entity || !budget) return entity;
    auto whole = std::make_shared<Entity>(*entity);
    auto fill = [](auto& own, const auto& other) {
        if (!own) own = other;
    };
    fill(whole->limits.max_budget, budget->limits.max_budget);
    fill(whole->limits.rpm, budget->limits.rpm);
    fill(whole->limits.tpm, budget->limits.tpm);
    fill(whole->limits.parallel, budget->limits.parallel);
    if (whole->period.empty()) whole->period = budget->period;
    if (whole->model_budgets.empty()) whole->model_budgets = budget->model_budgets;
    return whole;
}

}  // namespace seance::litellm
