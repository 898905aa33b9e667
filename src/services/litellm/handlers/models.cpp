#include <fmt/format.h>

#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

// The date is the one that LiteLLM gives for every model.
std::string entry(std::string_view name) {
    return fmt::format("{{\"id\":{},\"object\":\"model\",\"created\":1677610602,\"owned_by\":\"openai\"}}",
                       json_quote(name));
}

}  // namespace

Awaitable<void> list_models(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto patterns = http::query_value(exchange.head().query(), "return_wildcard_routes");
    std::string list;
    for (auto& name :
         gateway.models()->public_names(patterns == "true" || patterns == "True" || patterns == "1"))
        list += (list.empty() ? "" : ",") + entry(name);
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}],\"object\":\"list\"}}", list));
    co_return;
}

Awaitable<void> show_model(Gateway& gateway, http::Exchange& exchange, std::string model) {
    for (auto& name : gateway.models()->public_names(true)) {
        if (name != model) continue;
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
    std::string list;
    bool found = !wanted;
    for (auto& deployment : models->config().deployments) {
        if (wanted && deployment->id != *wanted) continue;
        found = true;
        list += fmt::format("{}{{\"model_name\":{},\"litellm_params\":{},\"model_info\":{}}}",
                            list.empty() ? "" : ",", json_quote(deployment->model_name),
                            deployment->params_json, deployment->info_json);
    }
    if (!found) {
        reply_error(exchange, bad_request(fmt::format("Model id = {} not found on litellm proxy", *wanted),
                                          "litellm_model_id"));
        co_return;
    }
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}]}}", list));
}

}  // namespace seance::litellm
