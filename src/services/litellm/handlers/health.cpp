#include <fmt/format.h>

#include "core/runtime/task_group.hpp"
#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/relay.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostAnswer = 4 << 20;

// One deployment under examination.
struct Check {
    std::shared_ptr<const Deployment> deployment;
    std::shared_ptr<CallScope> scope;
    std::string model, api_base;
    std::optional<std::string> problem;
};

// The route of the deployment's mode and a short request for it.
std::optional<std::pair<std::string_view, std::string>> probe(const Deployment& deployment,
                                                              const Endpoint& endpoint) {
    auto model = json_quote(endpoint.model);
    if (deployment.mode == "chat")
        return std::pair(std::string_view("/chat/completions"),
                         fmt::format("{{\"model\":{},\"messages\":[{{\"role\":\"user\",\"content\":\"Say "
                                     "hi\"}}],\"max_tokens\":{}}}",
                                     model, deployment.health_check_max_tokens));
    if (deployment.mode == "completion")
        return std::pair(std::string_view("/completions"),
                         fmt::format("{{\"model\":{},\"prompt\":\"Say hi\",\"max_tokens\":{}}}", model,
                                     deployment.health_check_max_tokens));
    if (deployment.mode == "embedding")
        return std::pair(std::string_view("/embeddings"),
                         fmt::format("{{\"model\":{},\"input\":[\"hi\"]}}", model));
    return std::nullopt;
}

// Sets `problem`, or leaves it empty if the deployment answers.
Awaitable<void> examine(Gateway& gateway, std::shared_ptr<const ModelTable> models,
                        std::shared_ptr<Check> check) {
    auto& deployment = *check->deployment;
    auto& config = models->config();
    check->model =
        deployment.health_check_model.empty() ? deployment.litellm_model : deployment.health_check_model;
    check->api_base = deployment.api_base;
    if (deployment.mock_response) co_return;
    if (is_pattern(check->model)) {
        check->problem = "a wildcard cannot be called: set model_info.health_check_model";
        co_return;
    }
    auto endpoint = find_endpoint(deployment, check->model, config.environment);
    if (!endpoint) {
        check->problem = endpoint.error().what;
        co_return;
    }
    check->api_base = endpoint->base;
    auto body_of = probe(deployment, *endpoint);
    if (!body_of) {
        check->problem = fmt::format("models of mode \"{}\" are not checked yet", deployment.mode);
        co_return;
    }
    ChatForm form;
    ChatRequest request;
    AnswerContext context{endpoint->provider, endpoint->key, check->model, "chatcmpl-health"};
    Destination to{*endpoint, deployment, config};
    auto dialogue = form.begin(request, to, context);
    if (!dialogue) {
        check->problem = dialogue.error().message;
        co_return;
    }
    auto call = make_upstream_call(*endpoint, deployment, config, body_of->first, std::move(body_of->second),
                                   false, nullptr);
    if (!call) {
        check->problem = call.error().what;
        co_return;
    }
    auto limit = deployment.health_check_timeout;
    auto open = co_await open_upstream(gateway, check->scope, *call, **dialogue, *endpoint->provider, limit);
    if (!open) {
        check->problem = open.error().message;
        co_return;
    }
    auto body = co_await read_rest(check->scope, open->stream, *endpoint->provider, limit, kMostAnswer);
    if (!body) {
        check->problem = body.error().message;
        co_return;
    }
    auto root = parse_json(*body);
    if (!root || !root->is(JsonKind::Object))
        check->problem = "the upstream answered 200, but not with a JSON object";
    else if (auto error = json_find(*root, "error"); error && !error->is(JsonKind::Null))
        check->problem =
            upstream_error(*endpoint->provider, status_in_error(*body), *body, endpoint->key).message;
}

std::string describe(const Check& check, bool details) {
    auto out = fmt::format("{{\"model\":{},\"model_id\":{}", json_quote(check.model),
                           json_quote(check.deployment->id));
    if (details) {
        out += fmt::format(",\"model_name\":{}", json_quote(check.deployment->model_name));
        auto base = check.api_base.substr(0, check.api_base.find('?'));
        if (!base.empty()) out += fmt::format(",\"api_base\":{}", json_quote(base));
        if (check.problem) out += fmt::format(",\"error\":{}", json_quote(*check.problem));
    }
    return out + "}";
}

// What is wrong with the files on disk, if the gateway does not run what they say.
std::string config_error(const Gateway& gateway) {
    auto problem = gateway.source().problem();
    return problem ? fmt::format(",\"config_error\":{}", json_quote(*problem)) : std::string();
}

}  // namespace

Awaitable<void> health(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto model = http::query_value(exchange.head().query(), "model");
    auto id = http::query_value(exchange.head().query(), "model_id");
    std::vector<std::shared_ptr<Check>> checks;
    TaskGroup tasks(gateway.loop().executor());
    for (auto& deployment : models->config().deployments) {
        if (model && *model != deployment->model_name && *model != deployment->litellm_model) continue;
        if (id && *id != deployment->id) continue;
        auto check = std::make_shared<Check>();
        check->deployment = deployment;
        check->scope = std::make_shared<CallScope>(gateway.loop().executor());
        checks.push_back(check);
    }
    std::function<void()> stop = [checks] {
        for (auto& check : checks) check->scope->end(CallScope::Ended::ClientGone);
    };
    exchange.on_disconnect(std::move(stop));
    for (auto& check : checks) tasks.spawn(examine(gateway, models, check));
    co_await tasks.wait();

    std::string healthy, unhealthy;
    int good = 0, bad = 0;
    for (auto& check : checks) {
        auto& list = check->problem ? unhealthy : healthy;
        ++(check->problem ? bad : good);
        list += (list.empty() ? "" : ",") + describe(*check, models->config().health_details);
    }
    reply_json(exchange, 200,
               fmt::format("{{\"healthy_endpoints\":[{}],\"unhealthy_endpoints\":[{}],\"healthy_count\":{},"
                           "\"unhealthy_count\":{}{}}}",
                           healthy, unhealthy, good, bad, config_error(gateway)));
}

Awaitable<void> liveliness(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "\"I'm alive!\"");
    co_return;
}

Awaitable<void> readiness(Gateway& gateway, http::Exchange& exchange, std::string) {
    reply_json(
        exchange, 200,
        fmt::format("{{\"status\":\"healthy\",\"db\":\"{}\",\"cache\":{},\"litellm_version\":{},\"success_"
                    "callbacks\":[],"
                    "\"log_level\":\"{}\",\"is_detailed_debug\":false{}}}",
                    gateway.ledger().store() && gateway.ledger().store()->state().connected ? "connected"
                                                                                            : "Not connected",
                    gateway.ledger().cache().valkey() ? "\"redis\"" : "null", json_quote(gateway_version()),
                    gateway.settings().debug ? "DEBUG" : "INFO", config_error(gateway)));
    co_return;
}

Awaitable<void> backlog(Gateway& gateway, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, fmt::format("{{\"in_flight_requests\":{}}}", gateway.in_flight.value()));
    co_return;
}

}  // namespace seance::litellm
