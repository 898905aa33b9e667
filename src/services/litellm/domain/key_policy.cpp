#include "services/litellm/domain/key_policy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "services/litellm/domain/entity.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr std::string_view kRole = "proxy_admin";

bool is_open(const json::object& fields, std::string_view name) {
    auto value = fields.if_contains(name);
    return !value || value->is_null();
}

std::int64_t length_of(const BudgetPeriod& period) {
    return period.months > 0 ? period.months * 30LL * 86400 : period.seconds;
}

bool is_longer(const json::object& fields, const json::object& bounds, std::string_view name) {
    auto asked = read_period(text_of(fields, name).value_or(""));
    auto bound = read_period(text_of(bounds, name).value_or(""));
    return asked && bound && length_of(*asked) > length_of(*bound);
}

}  // namespace

std::optional<ApiError> check_generation(const KeyGeneration& rules, const json::object& body) {
    if (!is_open(body, "team_id")) return std::nullopt;
    if (rules.roles && std::find(rules.roles->begin(), rules.roles->end(), kRole) == rules.roles->end())
        return bad_request(
            fmt::format("Personal key creation has been restricted by admin. Allowed roles={}. "
                        "Your role={}",
                        *rules.roles, kRole));
    for (auto& name : rules.required)
        if (!body.contains(name))
            return bad_request(fmt::format("Required param {} not in data", name), name);
    return std::nullopt;
}

void fill_fields(json::object& fields, const json::object& defaults, const json::object& sent) {
    for (auto& [name, value] : defaults) {
        bool said = name == "budget_duration" ? sent.contains(name) : !is_open(sent, name);
        if (!said && is_open(fields, name)) fields[name] = value;
    }
}

void clamp_fields(json::object& fields, const json::object& bounds, UnixMs now, Clamp what) {
    auto concerns = [&](std::string_view name) { return what == Clamp::Whole || fields.contains(name); };
    for (auto& [name, bound] : bounds) {
        if (name == "duration") {
            auto period = read_period(text_of(bounds, name).value_or(""));
            if (!period || !concerns("expires")) continue;
            auto latest = next_reset(*period, now, now);
            auto asked = text_of(fields, "expires");
            if (!asked || parse_time(*asked).value_or(latest + 1) > latest)
                fields["expires"] = print_time(latest);
        } else if (auto most = number_of(bounds, name)) {
            auto asked = number_of(fields, name);
            if (concerns(name) && (!asked || *asked > *most)) fields[name] = bound;
        } else if (name == "budget_duration" && bound.is_string() && concerns(name)) {
            if (is_open(fields, name) || is_longer(fields, bounds, name)) fields[name] = bound;
        }
    }
}

}  // namespace seance::litellm
