#include "services/litellm/handlers/health_check.hpp"

#include <fmt/format.h>

#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/handlers/probe.hpp"

namespace seance::litellm {
namespace {

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
    auto own = std::make_shared<const Endpoint>(std::move(*endpoint));
    auto lent = co_await gateway.roles().lend(gateway, check->scope, std::move(own));
    if (!lent) {
        check->problem = lent.error().message;
        co_return;
    }
    check->problem = co_await ask_briefly(gateway, *models, deployment, **lent, check->model, check->scope);
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
            for (auto& check : checks) check->scope.reset();  // the result may outlive the loop
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
