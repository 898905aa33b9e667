#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/handlers/chat_call.hpp"
#include "services/litellm/routing/cooldown.hpp"
#include "services/litellm/routing/retry.hpp"
#include "services/litellm/routing/strategy.hpp"

// The attempts in one group of deployments: which is asked, when, and how often.
namespace seance::litellm {
namespace {

double random_fraction() {
    return static_cast<double>(random_number() >> 11) * 0x1.0p-53;
}

double seconds_of(Duration time) {
    return std::chrono::duration<double>(time).count();
}

ApiError cannot_be_called(const std::string& model, const std::string& why) {
    bool key = why.starts_with("no API key");
    auto message =
        why.starts_with("LLM Provider NOT") ? why
        : key
            ? fmt::format("litellm.AuthenticationError: the model {} is disabled because the gateway has {}",
                          model, why)
            : fmt::format("litellm.BadRequestError: the model {} cannot be called: {}", model, why);
    return {.status = key ? 401 : 400,
            .message = std::move(message),
            .type = key ? "auth_error" : "invalid_request_error"};
}

// A limit per minute is kept exactly where it is hard: counted before the call, taken back if over.
bool reserve_request(const Deployment& deployment, const RoutingSettings& settings, Instant now) {
    auto minute = minute_of(now);
    auto& state = *deployment.state;
    auto sum = state.requests.add(minute) + state.other_requests.read(minute);
    bool hard = settings.strategy == Strategy::UsageBasedV2 || settings.enforce_rate_limits;
    if (!hard || !deployment.rpm || static_cast<double>(sum) <= *deployment.rpm) return true;
    state.requests.take_back(minute, 1);
    return false;
}

}  // namespace

Awaitable<Failure> ChatCall::try_group(const Resolution& resolution) {
    by_id_ = resolution.by_id;
    if (auto failure = find_options(resolution)) co_return failure;
    if (auto failure = mock_failure()) co_return failure;
    prefers_ = preferred_deployment();
    auto& settings = models_->config().routing;
    retries_ = 0;
    while (true) {
        ApiError problem;
        auto picked = pick(question(), problem);
        if (!picked) co_return problem;
        auto index = picked->index;
        auto failure = co_await attempt(std::move(*picked));
        if (!failure || scope_->client_gone()) co_return failure;
        gateway_.upstream_failures.add();
        options_[index].failed_before = true;
        auto& deployment = *candidates_[index].deployment;
        most_retries_ = retries_for(failure->error_class(), group_, request_.num_retries,
                                    deployment.num_retries, settings);
        if (retries_ >= most_retries_ || !may_retry(*failure, left_after(failure->error_class())))
            co_return failure;
        co_await pause(delay_before_retry(*failure, retries_, another_is_healthy(deployment), settings,
                                          random_fraction()));
        if (scope_->client_gone()) co_return failure;
        ++retries_;
    }
}

// The one that answered what this call goes on from, or that has the beginning of its prompt in its cache.
std::string ChatCall::preferred_deployment() {
    if (auto before = form_.goes_on_from(); !before.empty()) return before;
    prefixes_.clear();
    if (!models_->config().routing.prompt_caching || options_.size() < 2) return "";
    prefixes_ = prompt_prefixes(form_.as_asked(request_));
    return prefixes_.empty() ? "" : prompt_pins().find(prefixes_, Clock::now()).value_or("");
}

// What of the group can be called at all; a failure if nothing can.
Failure ChatCall::find_options(const Resolution& resolution) {
    auto& config = models_->config();
    candidates_.clear();
    options_.clear();
    Failure failure;
    for (auto& candidate : resolution.candidates) {
        bool as_configured = candidate.prepared && request_.own_key.empty() && request_.own_base.empty() &&
                             !request_.mock_response;
        auto mine =
            as_configured ? nullptr : std::make_shared<const Outcome<Endpoint>>(endpoint_of(candidate));
        auto& endpoint = as_configured ? *candidate.prepared : *mine;
        if (!endpoint) {
            auto why = cannot_be_called(request_.model, endpoint.error().what);
            // A missing key is the likeliest of several reasons, but any other says more about this request.
            if (!failure || (failure->status == 401 && why.status != 401)) failure = std::move(why);
            continue;
        }
        Option option{candidate.deployment.get(), endpoint->provider->prefix};
        if (auto budget = config.routing.provider_budgets.find(option.provider);
            budget != config.routing.provider_budgets.end()) {
            option.provider_budget = &budget->second;
            option.provider_spend = config.provider_spend.find(option.provider)->second.get();
        }
        if (config.routing.strategy == Strategy::CostBased || config.routing.pre_call_checks)
            if (auto price = gateway_.ledger().prices().find(*candidate.deployment, option.provider,
                                                             endpoint->model)) {
                option.price = static_cast<double>(price->input + price->output);
                option.max_input = price->max_input;
            }
        candidates_.push_back(candidate);
        if (mine) candidates_.back().prepared = std::move(mine);
        options_.push_back(option);
    }
    return options_.empty() ? std::move(failure) : Failure();
}

Outcome<Endpoint> ChatCall::endpoint_of(const Candidate& candidate) const {
    auto& deployment = *candidate.deployment;
    Overrides overrides;
    overrides.mocked = request_.mock_response.has_value();
    if (deployment.client_may_set_key) overrides.key = request_.own_key;
    if (deployment.client_may_set_base) overrides.base = request_.own_base;
    return find_endpoint(deployment, candidate.model, models_->config().environment, overrides);
}

RoutingQuestion ChatCall::question() const {
    return {group_, request_.prompt_estimate, request_.stream, wishes_.tags, by_id_, prefers_};
}

std::optional<ChatCall::Pick> ChatCall::pick(const RoutingQuestion& question, ApiError& problem) {
    auto& settings = models_->config().routing;
    auto now = Clock::now();
    auto found = find_candidates(options_, question, settings, now);
    auto all = found;  // as the log shows them
    bool full = false;
    while (!found.indexes.empty()) {
        auto index = choose(options_, found.indexes, question, settings, now, random_fraction());
        auto& deployment = *options_[index].deployment;
        Slot slot(deployment, most_in_flight(deployment, settings));
        if (slot.taken() && reserve_request(deployment, settings, now)) {
            decision_.considered(group_, options_, all);
            return Pick{index, std::move(slot)};
        }
        full = full || !slot.taken();
        all.dropped[index] = slot.taken() ? Dropped::RateLimit : Dropped::Full;
        std::erase(found.indexes, index);
    }
    decision_.considered(group_, options_, all);
    problem = found.problem ? *found.problem
              : full        ? all_full(group_)
                            : none_available(group_, std::chrono::seconds(60));
    return std::nullopt;
}

std::unique_ptr<ChatCall::Attempt> ChatCall::make_attempt(Pick pick) {
    auto& candidate = candidates_[pick.index];
    auto& deployment = *candidate.deployment;
    std::shared_ptr<const Endpoint> endpoint(candidate.prepared, &**candidate.prepared);
    auto attempt = std::make_unique<Attempt>(
        Attempt{candidate.deployment, std::move(endpoint), std::move(pick.slot), limit_for(deployment)});
    attempt->scope = scope_;
    return attempt;
}

Awaitable<Failure> ChatCall::attempt(Pick pick) {
    auto& settings = models_->config().routing;
    auto attempt = make_attempt(std::move(pick));
    auto began = Clock::now();
    if (wishes_.mock_delay) co_await pause(*wishes_.mock_delay);
    if (wishes_.mock_timeout) {
        limit_ = attempt->limit;
        co_await pause(attempt->limit);
        co_return timed_out(attempt->limit);
    }
    if (wishes_.mock_rate_limit_once && !std::exchange(mock_failed_, true)) {
        ApiError limited{.status = 429,
                         .message = fmt::format(
                             "litellm.RateLimitError: this is a mock exception for model={}", request_.model),
                         .type = "throttling_error",
                         .kind = ErrorClass::RateLimit,
                         .retry_after = std::nullopt};
        decision_.attempt_ended(attempt->deployment->id, &limited, Duration{0});
        co_return limited;
    }
    Failure failure;
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
    if (state.cool_down(now + *cooldown, now))
        observe::log(observe::Level::Warning, "deployment_cooled_down")
            .field("model_group", group_)
            .field("deployment", deployment.id)
            .field("error", class_name(kind))
            .ms("for_ms", *cooldown);
}

void ChatCall::count_usage(const Attempt& attempt) {
    auto now = Clock::now();
    auto& deployment = *attempt.deployment;
    if (auto sum = attempt.usage.prompt + attempt.usage.completion; sum > 0)
        deployment.state->tokens.add(minute_of(now), sum);
    auto exact = cost_of(attempt, attempt.usage);
    if (!exact || *exact <= 0) return;
    auto cost = std::optional(to_usd(*exact));
    if (deployment.budget) deployment.state->spend.add(*cost, now, deployment.budget->period);
    auto& config = models_->config();
    auto& provider = attempt.endpoint->provider->prefix;
    if (auto budget = config.routing.provider_budgets.find(provider);
        budget != config.routing.provider_budgets.end())
        config.provider_spend.find(provider)->second->add(*cost, now, budget->second.period);
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
