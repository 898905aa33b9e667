#include <fmt/format.h>

#include <algorithm>

#include "core/observe/log.hpp"
#include "services/litellm/handlers/chat_call.hpp"
#include "services/litellm/routing/cooldown.hpp"
#include "services/litellm/routing/strategy.hpp"

// What an attempt tells about its deployment: latency, failures, cooldown, tokens and money.
namespace seance::litellm {
namespace {

double seconds_of(Duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

void ChatCall::count_outcome(const Attempt& attempt, const ApiError* failure) {
    auto now = Clock::now();
    auto& deployment = *attempt.deployment;
    auto& state = *deployment.state;
    if (!failure) {
        count_success(state, now);
        if (!prefixes_.empty()) prompt_pins().remember(prefixes_, deployment.id, now);
        auto tokens = static_cast<double>(std::max<std::uint64_t>(1, attempt.usage.completion));
        if (attempt.called != Instant{}) {
            state.latency.add(seconds_of(now - attempt.called) / tokens, now);
            if (attempt.first_content != Instant{})
                state.first_token.add(seconds_of(attempt.first_content - attempt.called) / tokens, now);
        }
        return;
    }
    auto& settings = models_->config().routing;
    auto kind = failure->error_class();
    auto outcomes = count_failure(state, kind, now);
    if (kind == ErrorClass::Timeout) {
        state.latency.add(kTimeoutLatency, now);
        if (request_.stream) state.first_token.add(kTimeoutLatency, now);
    }
    auto cooldown = cooldown_after(*failure, outcomes, options_.size(), deployment.cooldown_time, settings);
    if (!cooldown) return;
    decision_.cooled(deployment.id, *cooldown);
    gateway_.call_metrics.cooled_down(deployment, *attempt.endpoint, *failure);
    if (!state.cool_down(now + *cooldown, now)) return;
    observe::log(observe::Level::Warning, "deployment_cooled_down")
        .field("model_group", group_)
        .field("deployment", deployment.id)
        .field("error", class_name(kind))
        .ms("for_ms", *cooldown);
    gateway_.alerts().tell(models_->config(), kCooldownAlerts, deployment.id, [&] {
        return fmt::format(
            "*Deployment cooled down*: {} of {} ({}) is left out for {} s after {} (status {}).",
            deployment.id, group_, deployment.litellm_model,
            std::chrono::ceil<std::chrono::seconds>(*cooldown).count(), class_name(kind), failure->status);
    });
}

void ChatCall::count_usage(const Attempt& attempt) {
    auto now = Clock::now();
    auto& deployment = *attempt.deployment;
    if (auto sum = attempt.usage.prompt + attempt.usage.completion; sum > 0)
        deployment.state->tokens.add(minute_of(now), sum);
    auto exact = cost_of(attempt, attempt.usage);
    if (!exact || *exact <= 0) return;
    auto cost = std::optional(to_usd(*exact));
    if (auto& budget = deployment.budget) deployment.state->spend.add(*cost, now, budget->length(unix_ms()));
    auto& config = models_->config();
    auto& provider = attempt.endpoint->provider->prefix;
    if (auto budget = config.routing.provider_budgets.find(provider);
        budget != config.routing.provider_budgets.end())
        config.provider_spend.find(provider)->second->add(*cost, now, budget->second.length(unix_ms()));
}

}  // namespace seance::litellm
