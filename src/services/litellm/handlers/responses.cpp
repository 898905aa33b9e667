#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/domain/forms/conversations.hpp"
#include "services/litellm/domain/forms/input_items.hpp"
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
constexpr Duration kSilence = std::chrono::minutes(10);  // of an answer that is still being made
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

// How an answer is to be shown: as a whole, or as its events, perhaps from a place on.
struct Showing {
    bool stream = false;
    std::optional<std::uint64_t> after;
};

Answer<Showing> read_showing(std::string_view query) {
    Showing showing;
    auto wanted = http::query_value(query, "stream");
    showing.stream = wanted && lower(*wanted) == "true";
    if (auto after = http::query_value(query, "starting_after")) {
        showing.after = parse_number(*after);
        if (!showing.after)
            return bad_request(
                fmt::format("starting_after is \"{}\"; it must be the sequence_number of an event", *after),
                "starting_after");
        if (!showing.stream)
            return bad_request("starting_after needs stream=true: a whole answer has no events",
                               "starting_after");
    }
    return showing;
}

// The call of the upstream that keeps the answer.
Outcome<UpstreamCall> call_of(const http::RequestHead& head, What what, bool stream,
                              const ResponseOrigin& origin, const Endpoint& endpoint,
                              const Deployment& deployment, const Config& config) {
    std::string_view rest = what == What::Input ? "/input_items" : what == What::Cancel ? "/cancel" : "";
    auto route = fmt::format("/responses/{}{}", http::percent_encode(origin.id), rest);
    auto call = make_upstream_call(endpoint, deployment, config, route, "", stream, &head.fields);
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

Awaitable<void> send_events(http::Exchange& exchange, const std::string& events) {
    auto fields = common_fields(exchange.head(), call_id(exchange.head()));
    make_stream(fields);
    exchange.start_with_next(200, fields);
    if (!co_await exchange.write(events)) co_await exchange.finish();
}

// The events of an answer as its keeper sends them, under the names that the client knows.
Awaitable<void> relay_events(http::Exchange& exchange, std::shared_ptr<CallScope> scope, OpenUpstream& open,
                             Dialogue& dialogue, const Provider& provider, http::Fields fields) {
    auto relay = dialogue.stream();
    make_stream(fields);
    scope->on_end([&open] { open.stream.abort(); });
    bool anything = false, lost = bool(co_await exchange.start(200, fields, std::nullopt));
    while (!lost && !scope->client_gone()) {
        scope->allow(kSilence);
        auto piece = co_await open.stream.read_body();
        if (scope->client_gone()) break;
        StreamRelay::Step step;
        if (!piece || scope->ended() == CallScope::Ended::TimedOut)
            step.error = lost_upstream(*scope, provider, kSilence,
                                       piece ? error_code(asio::error::timed_out) : piece.error());
        else if (!piece->empty())
            step = relay->feed(*piece);
        else if (anything)
            step = relay->end();
        else
            step.done = true;  // nothing came after the place that was asked for
        anything = true;
        if (step.error) step.out += relay->error_event(*step.error);
        if (!step.out.empty()) lost = bool(co_await exchange.write(step.out));
        if (!step.over()) continue;
        if (!lost) co_await exchange.finish();
        break;
    }
    scope->on_end({});
    open.stream.abort();
}

Awaitable<void> ask_keeper(Gateway& gateway, http::Exchange& exchange, What what, bool stream, std::string id,
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
    auto call = call_of(head, what, stream, origin, *endpoint, *deployment, config);
    if (!call) co_return reply_error(exchange, bad_request(call.error().what));

    auto scope = std::make_shared<CallScope>(gateway.loop().executor());
    exchange.on_disconnect(scope->ender_for_client());
    auto name = deployment->is_wildcard() ? std::string() : deployment->model_name;
    AnswerContext context{endpoint->provider, endpoint->key, name, "", 0};
    Destination to{*endpoint, *deployment, config};
    ResponsesNative dialogue({}, false, to, context, scope_of(gateway, exchange));
    std::optional<OpenUpstream> open;
    auto asked = std::make_unique<UpstreamCall>(std::move(*call));
    auto failure =
        co_await open_upstream(gateway, scope, std::move(asked), dialogue, *endpoint->provider, kLimit, open);
    if (scope->client_gone()) co_return reply_to_nobody(exchange);
    if (failure) co_return reply_error(exchange, *failure);
    auto fields = common_fields(head, call_id(head));
    fields.set("x-litellm-model-id", deployment->id);
    fields.set("x-litellm-model-group", deployment->model_name);
    fields.set("x-litellm-model-api-base", endpoint->base.substr(0, endpoint->base.find('?')));
    if (stream && !lower(open->fields.get("Content-Type")).starts_with("application/json")) {
        co_await relay_events(exchange, scope, *open, dialogue, *endpoint->provider, std::move(fields));
        co_return;
    }
    auto body = co_await read_rest(scope, open->stream, *endpoint->provider, kLimit, kMostAnswer);
    if (scope->client_gone()) co_return reply_to_nobody(exchange);
    if (!body) co_return reply_error(exchange, body.error());
    ResponseNames names{name, deployment->id, scope_of(gateway, exchange), config.master_key.reveal()};
    reply_json(exchange, 200, for_client(std::move(*body), what, id, names), std::move(fields));
}

Awaitable<void> answer(Gateway& gateway, http::Exchange& exchange, std::string id, What what) {
    auto scope = scope_of(gateway, exchange);
    Showing showing;
    if (what == What::Show) {
        auto read = read_showing(exchange.head().query());
        if (!read) co_return reply_error(exchange, read.error());
        showing = *read;
    }
    if (auto kept = conversations().find(scope, id)) {
        switch (what) {
            case What::Show: {
                if (!showing.stream) co_return reply_json(exchange, 200, kept->response);
                auto events = replay_response(*parse_json(kept->response), kept->steps, showing.after);
                co_await send_events(exchange, events);
                co_return;
            }
            case What::Forget:
                conversations().forget(scope, id);
                co_return reply_json(
                    exchange, 200,
                    fmt::format("{{\"id\":{},\"object\":\"response\",\"deleted\":true}}", json_quote(id)));
            case What::Input: {
                auto page = input_page(kept->input, id, exchange.head().query());
                if (!page) co_return reply_error(exchange, page.error());
                co_return reply_json(exchange, 200, std::move(*page));
            }
            case What::Cancel:
                co_return reply_error(exchange, bad_request(not_to_cancel()));
        }
    }
    auto secret = gateway.models()->config().master_key.reveal();
    auto origin = open_response_id(id, scope, secret);
    if (!origin) co_return reply_error(exchange, not_found(id));
    co_await ask_keeper(gateway, exchange, what, showing.stream, std::move(id), std::move(*origin));
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
