#include <fmt/format.h>

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/model_access.hpp"
#include "services/litellm/domain/model_listing.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/ledger/records.hpp"

namespace seance::litellm {
namespace {

// The group that a public name stands for.
std::string group_of(const ModelTable& models, const std::string& name) {
    for (auto& alias : models.config().aliases)
        if (alias.name == name) return alias.target;
    return name;
}

std::string anthropic_list(const std::vector<std::string>& names) {
    JsonArray list;
    for (auto& name : names) list.add(anthropic_model_entry(name));
    return JsonObject()
        .raw("data", list.str())
        .raw("has_more", "false")
        .raw("first_id", names.empty() ? "null" : json_quote(names.front()))
        .raw("last_id", names.empty() ? "null" : json_quote(names.back()))
        .str();
}

ApiError team_refused(int status, std::string message) {
    return {.status = status, .message = std::move(message), .type = "auth_error", .param = "team_id"};
}

// The models of a team, for its members and admins.
Awaitable<Answer<std::vector<std::string>>> models_of_team(Gateway& gateway, const Caller& caller,
                                                           std::string id) {
    if (!caller.is_admin() && (!caller.key || caller.key->team_id != id))
        co_return team_refused(403, "You may see the models of your own team only.");
    auto unknown = team_refused(404, fmt::format("there is no team {}", id.substr(0, 100)));
    if (!gateway.ledger().store()) co_return unknown;
    Records records(*gateway.ledger().patient_store());
    auto team = co_await records.get(RecordKind::Team, std::move(id));
    if (!team) co_return store_away();
    if (!*team) co_return unknown;
    co_return (*team)->models;
}

}  // namespace

Awaitable<void> list_models(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto listing = parse_model_listing(exchange.head().query());
    if (!listing) co_return reply_error(exchange, listing.error());
    auto models = gateway.models();
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto groups = read_access_groups(models->config());
    std::vector<std::string> of_team, names;
    if (auto team = http::query_value(exchange.head().query(), "team_id")) {
        auto found = co_await models_of_team(gateway, *caller, *team);
        if (!found) co_return reply_error(exchange, found.error());
        of_team = std::move(*found);
    }
    auto add = [&](const std::string& name) {
        if (gateway.ledger().may_use(*caller, name) && allows_model(of_team, name, groups, {}))
            names.push_back(name);
    };
    if (!listing->only_groups)
        for (auto& name : models->public_names(listing->patterns)) add(name);
    if (listing->groups || listing->only_groups)
        for (auto& [name, members] : groups) add(name);
    if (exchange.head().fields.find("anthropic-version")) {
        reply_json(exchange, 200, anthropic_list(names));
        co_return;
    }
    JsonArray list;
    for (auto& name : names)
        list.add(model_entry(name, group_of(*models, name), *listing, models->config().routing));
    reply_json(exchange, 200, JsonObject().raw("data", list.str()).raw("object", "\"list\"").str());
}

Awaitable<void> show_model(Gateway& gateway, http::Exchange& exchange, std::string model) {
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto models = gateway.models();
    for (auto& name : models->public_names(true)) {
        if (name != model || !gateway.ledger().may_use(*caller, name)) continue;
        bool anthropic = exchange.head().fields.find("anthropic-version").has_value();
        reply_json(
            exchange, 200,
            anthropic ? anthropic_model_entry(name) : model_entry(name, name, {}, models->config().routing));
        co_return;
    }
    ApiError error{
        .status = 404,
        .message = fmt::format(
            "The model '{}' does not exist. Call `/v1/models` to view available models for your key.", model),
        .type = "invalid_request_error",
        .param = "model"};
    reply_error(exchange, error);
}

Awaitable<void> model_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto wanted = http::query_value(exchange.head().query(), "litellm_model_id");
    auto models = gateway.models();
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto& prices = gateway.ledger().prices();
    std::string list;
    bool found = !wanted;
    for (auto& deployment : models->config().deployments) {
        if (wanted && deployment->id != *wanted) continue;
        if (!gateway.ledger().may_use(*caller, deployment->model_name)) continue;
        found = true;
        list += fmt::format("{}{{\"model_name\":{},\"litellm_params\":{},\"model_info\":{}}}",
                            list.empty() ? "" : ",", json_quote(deployment->model_name),
                            deployment->params_json, prices.info(*deployment));
    }
    if (!found) {
        reply_error(exchange, bad_request(fmt::format("Model id = {} not found on litellm proxy", *wanted),
                                          "litellm_model_id"));
        co_return;
    }
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}]}}", list));
}

}  // namespace seance::litellm
