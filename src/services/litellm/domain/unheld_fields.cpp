#include "services/litellm/domain/unheld_fields.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/domain/entity.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

struct Unheld {
    std::string_view name, why;
};
constexpr Unheld kUnheld[] = {
    {"guardrails",
     "no guardrails are applied here, so a key or team with one would be less safe than it looks; leave them "
     "out, and check texts before and after the call"},
    {"config",
     "a key has no models of its own here; write them in config.yaml, and say with models and aliases which "
     "of "
     "them the key may use"},
    {"auto_rotate",
     "keys do not change by themselves here; ask POST /key/{key}/regenerate when it is time, or give the key "
     "a "
     "duration"},
    {"rotation_interval",
     "keys do not change by themselves here; ask POST /key/{key}/regenerate when it is time, or give the key "
     "a "
     "duration"},
    {"allowed_model_region",
     "deployments have no region here; name those that the customer's calls may reach in models of the key"},
};
constexpr std::string_view kSpendPermission = "get_spend_routes";

bool asks_for_something(const json::value& value) {
    if (auto object = value.if_object()) return !object->empty();
    if (auto array = value.if_array()) return !array->empty();
    if (auto text = value.if_string()) return !text->empty();
    return value.is_number() || (value.is_bool() && value.get_bool());
}

ApiError refused(std::string_view name, std::string_view why) {
    return bad_request(fmt::format("{} is not available: {}", name, why), std::string(name));
}

}  // namespace

std::optional<ApiError> refuse_unheld(const json::object& fields) {
    for (auto& [name, why] : kUnheld)
        if (auto value = fields.if_contains(name); value && asks_for_something(*value))
            return refused(name, why);
    auto metadata = fields.if_contains("metadata");
    if (metadata && metadata->is_object())
        if (auto inner = metadata->get_object().if_contains("guardrails");
            inner && asks_for_something(*inner))
            return refused("metadata.guardrails", kUnheld[0].why);
    auto permissions = fields.if_contains("permissions");
    if (permissions && permissions->is_object())
        for (auto& [name, value] : permissions->get_object())
            if (name != kSpendPermission && asks_for_something(value))
                return refused(
                    fmt::format("permissions.{}", std::string(name)),
                    "the one permission that has an effect here is get_spend_routes; the others turn "
                    "guardrails on, and none are applied");
    return std::nullopt;
}

}  // namespace seance::litellm
