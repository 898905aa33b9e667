#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

// The date is the one that LiteLLM gives for every model.
std::string entry(std::string_view name) {
    return fmt::format("{{\"id\":{},\"object\":\"model\",\"created\":1677610602,\"owned_by\":\"openai\"}}",
                       json_quote(name));
}

// model_info with what the price table knows beside it; what the configuration says wins.
std::string with_prices(const std::string& info, const boost::json::object& prices) {
    auto root = parse_json(info);
    if (!root) return info;
    JsonEdit edit(*root);
    for (auto& [name, value] : prices) edit.fill(name, boost::json::serialize(value));
    return edit.text();
}

}  // namespace

Awaitable<void> list_models(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto patterns = http::query_value(exchange.head().query(), "return_wildcard_routes");
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    std::string list;
    for (auto& name :
         gateway.models()->public_names(patterns == "true" || patterns == "True" || patterns == "1"))
        if (gateway.ledger().may_use(*caller, name)) list += (list.empty() ? "" : ",") + entry(name);
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}],\"object\":\"list\"}}", list));
    co_return;
}

Awaitable<void> show_model(Gateway& gateway, http::Exchange& exchange, std::string model) {
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    for (auto& name : gateway.models()->public_names(true)) {
        if (name != model || !gateway.ledger().may_use(*caller, name)) continue;
        reply_json(exchange, 200, entry(name));
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
        list +=
            fmt::format("{}{{\"model_name\":{},\"litellm_params\":{},\"model_info\":{}}}",
                        list.empty() ? "" : ",", json_quote(deployment->model_name), deployment->params_json,
                        with_prices(deployment->info_json, prices.entry(*deployment)));
    }
    if (!found) {
        reply_error(exchange, bad_request(fmt::format("Model id = {} not found on litellm proxy", *wanted),
                                          "litellm_model_id"));
        co_return;
    }
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}]}}", list));
}

}  // namespace seance::litellm
