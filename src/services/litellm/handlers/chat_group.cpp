#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/wait.hpp"
#include "services/litellm/handlers/chat_call.hpp"
#include "services/litellm/routing/retry.hpp"

// The attempts in one group of deployments: when one is made, how often, and for how long.
namespace seance::litellm {
Failure ChatCall::enter_group(Resolution resolution) {
    group_ = std::move(resolution.group);
    by_id_ = resolution.by_id;
    if (auto failure = find_options(resolution)) return failure;
    if (auto failure = mock_failure()) return failure;
    prefers_ = preferred_deployment();
    retries_ = 0;
    return std::nullopt;
}

Awaitable<Failure> ChatCall::try_group() {
    auto& settings = models_->config().routing;
    while (true) {
        Failure failure;
        auto picked = pick(question(), failure);
        if (!picked) co_return failure;
        auto index = picked->index;
        failure = co_await attempt(std::move(*picked));
        if (!failure || scope_->client_gone()) co_return failure;
        gateway_.upstream_failures.add();
        options_[index].failed_before = true;
        auto& deployment = *candidates_[index].deployment;
        auto kind = failure->error_class();
        auto asked = request_.num_retries ? request_.num_retries : wishes_.retry_policy.find(kind);
        most_retries_ = retries_for(kind, group_, asked, deployment.num_retries, settings);
        if (retries_ >= most_retries_ || !may_retry(*failure, left_after(kind))) co_return failure;
        co_await pause(delay_before_retry(*failure, retries_, another_is_healthy(deployment), settings,
                                          random_fraction()));
        if (scope_->client_gone()) co_return failure;
        ++retries_;
    }
}

Awaitable<Failure> ChatCall::attempt(Pick pick) {
    auto& settings = models_->config().routing;
    auto attempt = make_attempt(std::move(pick));
    auto began = Clock::now();
    Failure failure;
    if (wishes_.mock_delay || wishes_.mock_timeout || wishes_.mock_rate_limit_once)
        if (failure = co_await mock_attempt(*attempt); failure) co_return failure;
    if (settings.hedge_after && options_.size() > 1)
        failure = co_await open_hedged(attempt, *settings.hedge_after);
    else
        failure = co_await open(*attempt);
    limit_ = attempt->limit;
    api_base_ = attempt->endpoint->base;
    if (!failure) failure = co_await relay(*attempt);
    auto* problem = failure ? &*failure : attempt->broken ? &*attempt->broken : nullptr;
    decision_.attempt_ended(attempt->deployment->id, problem, Clock::now() - began);
    count_usage(*attempt);
    if (scope_->client_gone()) {
        // Who leaves a call that was not answered yet has used its prompt all the same.
        if (attempt->called != Instant{} && attempt->usage.prompt == 0)
            settle(*attempt, {request_.prompt_estimate, 0});
        co_return failure;
    }
    gateway_.call_metrics.attempt_ended(metrics_labels(), *attempt->deployment, *attempt->endpoint, problem);
    count_outcome(*attempt, problem);
    if (failure) {
        waited_ += Clock::now() - began;
        co_return failure;
    }
    count_answer(*attempt);
    gateway_.call_metrics.request_ended(metrics_labels(), problem ? problem->status : 200, problem);
    co_return failure;
}

// What a request may ask for to happen to an attempt.
Awaitable<Failure> ChatCall::mock_attempt(Attempt& attempt) {
    if (wishes_.mock_delay) co_await pause(*wishes_.mock_delay);
    if (wishes_.mock_timeout) {
        limit_ = attempt.limit;
        co_await pause(attempt.limit);
        co_return timed_out(attempt.limit);
    }
    if (!wishes_.mock_rate_limit_once || std::exchange(mock_failed_, true)) co_return std::nullopt;
    ApiError limited{.status = 429,
                     .message = fmt::format("litellm.RateLimitError: this is a mock exception for model={}",
                                            request_.model),
                     .type = "throttling_error",
                     .kind = ErrorClass::RateLimit,
                     .retry_after = std::nullopt};
    decision_.attempt_ended(attempt.deployment->id, &limited, Duration{0});
    co_return limited;
}

// The failures that a request may ask for to try a configuration; each once.
Failure ChatCall::mock_failure() {
    if (mock_failed_ || !wishes_.mock_failure) return std::nullopt;
    mock_failed_ = true;
    auto kind = *wishes_.mock_failure;
    return ApiError{
        .status = kind == ErrorClass::InternalServer ? 500 : 400,
        .message = fmt::format("litellm.{}: this is a mock exception for model={}, to trigger a "
                               "fallback",
                               class_name(kind), request_.model),
        .type = kind == ErrorClass::InternalServer ? "internal_server_error" : "invalid_request_error",
        .kind = kind};
}

AfterFailure ChatCall::left_after(ErrorClass kind) const {
    auto now = Clock::now();
    AfterFailure left;
    left.group_size = options_.size();
    left.healthy_left =
        static_cast<std::size_t>(std::count_if(options_.begin(), options_.end(), [&](const Option& option) {
            return by_id_ || !option.deployment->state->cooling(now);
        }));
    left.has_fallbacks = walk_.has_general(group_);
    left.has_context_window_fallbacks = kind == ErrorClass::ContextWindow && walk_.has(group_, kind);
    left.has_content_policy_fallbacks = kind == ErrorClass::ContentPolicy && walk_.has(group_, kind);
    return left;
}

bool ChatCall::another_is_healthy(const Deployment& than) const {
    auto now = Clock::now();
    return std::any_of(options_.begin(), options_.end(), [&](const Option& option) {
        return option.deployment != &than && !option.failed_before && !option.deployment->state->cooling(now);
    });
}

Duration ChatCall::limit_for(const Deployment& deployment) const {
    auto& settings = models_->config().routing;
    if (request_.stream && request_.stream_timeout) return *request_.stream_timeout;
    if (request_.timeout) return *request_.timeout;
    if (request_.stream && deployment.stream_timeout) return *deployment.stream_timeout;
    if (deployment.timeout) return *deployment.timeout;
    if (request_.stream && settings.stream_timeout) return *settings.stream_timeout;
    return settings.timeout;
}

Awaitable<void> ChatCall::pause(Duration time) {
    if (time <= Duration{0}) co_return;
    auto began = Clock::now();
    scope_->allow_forever();
    scope_->allow(time + std::chrono::seconds(1));
    co_await scope_->run(sleep_for(time));
    waited_ += Clock::now() - began;
}

}  // namespace seance::litellm
