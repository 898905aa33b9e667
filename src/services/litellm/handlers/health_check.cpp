#include "services/litellm/handlers/health_check.hpp"

#include <fmt/format.h>

#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/domain/pattern.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostAnswer = 4 << 20;

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

std::mutex last_mutex;
std::shared_ptr<const HealthChecks> last_checks;

}  // namespace

Awaitable<void> examine(Gateway& gateway, std::shared_ptr<const ModelTable> models,
                        std::shared_ptr<HealthCheck> check) {
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

std::shared_ptr<HealthCheck> make_check(Gateway& gateway, std::shared_ptr<const Deployment> deployment) {
    auto check = std::make_shared<HealthCheck>();
    check->deployment = std::move(deployment);
    check->scope = std::make_shared<CallScope>(gateway.loop().executor());
    return check;
}

Awaitable<void> examine_all(Gateway& gateway, std::shared_ptr<const ModelTable> models, HealthChecks checks) {
    TaskGroup tasks(gateway.loop().executor());
    for (auto& check : checks) tasks.spawn(examine(gateway, models, check));
    co_await tasks.wait();
}

Awaitable<void> check_in_background(Gateway& gateway, const bool& stopping) {
    while (!stopping) {
        auto models = gateway.models();
        if (models->config().background_health_checks) {
            HealthChecks checks;
            for (auto& deployment : models->config().deployments)
                if (!deployment->no_background_check) checks.push_back(make_check(gateway, deployment));
            co_await examine_all(gateway, models, checks);
            std::lock_guard lock(last_mutex);
            last_checks = std::make_shared<const HealthChecks>(std::move(checks));
        }
        co_await sleep_for(models->config().health_check_interval);
    }
}

std::shared_ptr<const HealthChecks> last_background_checks() {
    std::lock_guard lock(last_mutex);
    return last_checks;
}

}  // namespace seance::litellm
