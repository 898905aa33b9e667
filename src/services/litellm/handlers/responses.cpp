#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/domain/forms/conversations.hpp"
#include "services/litellm/domain/forms/response_id.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/wires/responses_native.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/relay.hpp"

// What is kept of /responses calls: here, of models that do not speak it; by its provider, of those that do.
namespace seance::litellm {
namespace {

constexpr Duration kLimit = std::chrono::minutes(1);
constexpr std::uint64_t kMostAnswer = 64 << 20;

enum class What { Show, Forget, Input, Cancel };

std::string scope_of(Gateway& gateway, http::Exchange& exchange) {
    return conversation_scope(exchange.head().fields, gateway.models()->config());
}

ApiError not_found(std::string_view id) {
    return {
        .status = 404,
        .message = fmt::format("Response with id '{}' not found: it is of another key, another gateway, or "
                               "too long ago.",
                               id.substr(0, 100)),
        .type = "invalid_request_error"};
}

std::string not_to_cancel() {
    return "Cannot cancel a response that was not made with background=true.";
}

// The call of the upstream that keeps the answer.
Outcome<UpstreamCall> call_of(const http::RequestHead& head, What what, const ResponseOrigin& origin,
                              const Endpoint& endpoint, const Deployment& deployment, const Config& config) {
    std::string_view rest = what == What::Input ? "/input_items" : what == What::Cancel ? "/cancel" : "";
    auto route = fmt::format("/responses/{}{}", http::percent_encode(origin.id), rest);
    auto call = make_upstream_call(endpoint, deployment, config, route, "", false, &head.fields);
    if (!call) return call;
    call->request.method = what == What::Cancel ? "POST" : what == What::Forget ? "DELETE" : "GET";
    for (auto part : split(head.query(), '&'))
        if (!part.empty())
            call->request.target +=
                (call->request.target.find('?') == std::string::npos ? "?" : "&") + std::string(part);
    return call;
}

std::string for_client(std::string body, What what, std::string_view id, const ResponseNames& names) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object) || what == What::Input) return body;
    if (what != What::Forget) return rename_response(*root, names);
    JsonEdit edit(*root);
    edit.set("id", json_quote(id));
    return edit.text();
}

Awaitable<void> ask_keeper(Gateway& gateway, http::Exchange& exchange, What what, std::string id,
                           ResponseOrigin origin) {
    auto models = gateway.models();
    auto& config = models->config();
    auto& head = exchange.head();
    auto found = std::find_if(config.deployments.begin(), config.deployments.end(),
                              [&](auto& one) { return one->id == origin.deployment; });
    if (found == config.deployments.end()) co_return reply_error(exchange, not_found(id));
    const auto& deployment = *found;
    auto endpoint = find_endpoint(*deployment, deployment->litellm_model, config.environment);
    if (!endpoint) co_return reply_error(exchange, bad_request(endpoint.error().what));
    auto wanted = http::query_value(head.query(), "stream");
    if (wanted && lower(*wanted) == "true") {
        auto error =
            bad_request("a response that is kept is shown as a whole here: leave stream out", "stream");
        co_return reply_error(exchange, error);
    }
    auto call = call_of(head, what, origin, *endpoint, *deployment, config);
    if (!call) co_return reply_error(exchange, bad_request(call.error().what));

    auto scope = std::make_shared<CallScope>(gateway.loop().executor());
    exchange.on_disconnect(scope->ender_for_client());
    auto name = deployment->is_wildcard() ? std::string() : deployment->model_name;
    AnswerContext context{endpoint->provider, endpoint->key, name, "", 0};
    Destination to{*endpoint, *deployment, config};
    ResponsesNative dialogue({}, false, to, context, scope_of(gateway, exchange));
    std::optional<OpenUpstream> open;
    auto failure = co_await open_upstream(gateway, scope, *call, dialogue, *endpoint->provider, kLimit, open);
    if (scope->client_gone()) co_return;
    if (failure) co_return reply_error(exchange, *failure);
    auto body = co_await read_rest(scope, open->stream, *endpoint->provider, kLimit, kMostAnswer);
    if (scope->client_gone()) co_return;
    if (!body) co_return reply_error(exchange, body.error());
    auto fields = common_fields(head, call_id(head));
    fields.set("x-litellm-model-id", deployment->id);
    fields.set("x-litellm-model-group", deployment->model_name);
    fields.set("x-litellm-model-api-base", endpoint->base.substr(0, endpoint->base.find('?')));
    ResponseNames names{name, deployment->id, scope_of(gateway, exchange), config.master_key.reveal()};
    reply_json(exchange, 200, for_client(std::move(*body), what, id, names), std::move(fields));
}

Awaitable<void> answer(Gateway& gateway, http::Exchange& exchange, std::string id, What what) {
    auto scope = scope_of(gateway, exchange);
    if (auto kept = conversations().find(scope, id)) {
        switch (what) {
            case What::Show:
                co_return reply_json(exchange, 200, kept->response);
            case What::Forget:
                conversations().forget(scope, id);
                co_return reply_json(
                    exchange, 200,
                    fmt::format("{{\"id\":{},\"object\":\"response\",\"deleted\":true}}", json_quote(id)));
            case What::Input:
                co_return reply_json(exchange, 200,
                                     fmt::format("{{\"object\":\"list\",\"data\":[{}],\"first_id\":null,"
                                                 "\"last_id\":null,\"has_more\":false}}",
                                                 kept->input));
            case What::Cancel:
                co_return reply_error(exchange, bad_request(not_to_cancel()));
        }
    }
    auto secret = gateway.models()->config().master_key.reveal();
    auto origin = open_response_id(id, scope, secret);
    if (!origin) co_return reply_error(exchange, not_found(id));
    co_await ask_keeper(gateway, exchange, what, std::move(id), std::move(*origin));
}

}  // namespace

Awaitable<void> kept_response(Gateway& gateway, http::Exchange& exchange, std::string id) {
    return answer(gateway, exchange, std::move(id), What::Show);
}

Awaitable<void> forget_response(Gateway& gateway, http::Exchange& exchange, std::string id) {
    return answer(gateway, exchange, std::move(id), What::Forget);
}

Awaitable<void> response_input(Gateway& gateway, http::Exchange& exchange, std::string id) {
    return answer(gateway, exchange, std::move(id), What::Input);
}

Awaitable<void> cancel_response(Gateway& gateway, http::Exchange& exchange, std::string id) {
    return answer(gateway, exchange, std::move(id), What::Cancel);
}

}  // namespace seance::litellm
