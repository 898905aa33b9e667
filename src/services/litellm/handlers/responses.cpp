#include <fmt/format.h>

#include "services/litellm/domain/forms/conversations.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/handlers/handlers.hpp"

// What was kept of translated /responses calls.
namespace seance::litellm {
namespace {

std::string scope_of(Gateway& gateway, http::Exchange& exchange) {
    return conversation_scope(exchange.head().fields, gateway.models()->config());
}

void say_not_found(http::Exchange& exchange, const std::string& id) {
    ApiError error{
        .status = 404,
        .message = fmt::format("Response with id '{}' not found. Kept are the answers of models that do not "
                               "speak the Responses API themselves, for the key that asked.",
                               id.substr(0, 100)),
        .type = "invalid_request_error"};
    reply_error(exchange, error);
}

}  // namespace

Awaitable<void> kept_response(Gateway& gateway, http::Exchange& exchange, std::string id) {
    if (auto kept = conversations().find(scope_of(gateway, exchange), id))
        reply_json(exchange, 200, kept->response);
    else
        say_not_found(exchange, id);
    co_return;
}

Awaitable<void> forget_response(Gateway& gateway, http::Exchange& exchange, std::string id) {
    if (conversations().forget(scope_of(gateway, exchange), id))
        reply_json(exchange, 200,
                   fmt::format("{{\"id\":{},\"object\":\"response\",\"deleted\":true}}", json_quote(id)));
    else
        say_not_found(exchange, id);
    co_return;
}

Awaitable<void> response_input(Gateway& gateway, http::Exchange& exchange, std::string id) {
    if (auto kept = conversations().find(scope_of(gateway, exchange), id))
        reply_json(
            exchange, 200,
            fmt::format(
                "{{\"object\":\"list\",\"data\":[{}],\"first_id\":null,\"last_id\":null,\"has_more\":false}}",
                kept->input));
    else
        say_not_found(exchange, id);
    co_return;
}

}  // namespace seance::litellm
