#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// Which deployment is called, when, and how often.
namespace seance::litellm {
namespace {

double random_fraction() {
    return static_cast<double>(random_number() >> 11) * 0x1.0p-53;
}

}  // namespace

Awaitable<void> ChatCall::run() {
    auto resolution = models_->resolve(request_.model);
    if (!resolution) {
        auto error = unknown_model(request_.model);
        if (models_->config().deployments.empty())
            error.message =
                "no models configured: model_list of the gateway's config.yaml is empty. " + error.message;
        refuse(std::move(error), nullptr);
        co_return;
    }
    group_ = resolution->group;
    std::function<void()> gone = [weak = std::weak_ptr(scope_)] {
        if (auto scope = weak.lock()) scope->end(CallScope::Ended::ClientGone);
    };
    exchange_.on_disconnect(std::move(gone));

    std::string problem;
    bool key_missing = false;
    auto candidates = usable(*resolution, problem, key_missing);
    if (candidates.empty()) {
        ApiError error{.status = key_missing ? 401 : 400,
                       .message = std::move(problem),
                       .type = key_missing ? "auth_error" : "invalid_request_error"};
        refuse(std::move(error), nullptr);
        co_return;
    }
    most_retries_ = request_.num_retries.value_or(
        candidates.front().deployment->num_retries.value_or(models_->config().num_retries));
    while (true) {
        auto candidate = choose(candidates);
        auto endpoint = endpoint_of(candidate);
        if (!request_.num_retries && candidate.deployment->num_retries)
            most_retries_ = *candidate.deployment->num_retries;
        auto failure = co_await attempt(candidate, std::move(*endpoint));
        if (scope_->client_gone()) {
            gateway_.abandoned.add();
            exchange_.log_fields(
                fmt::format(",\"model_group\":{},\"client_gone\":true,\"answered\":499", json_quote(group_)));
            co_return;
        }
        if (!failure) co_return;
        gateway_.upstream_failures.add();
        failed_.push_back(candidate.deployment.get());
        bool another = std::any_of(candidates.begin(), candidates.end(), [&](auto& c) {
            return std::find(failed_.begin(), failed_.end(), c.deployment.get()) == failed_.end();
        });
        // A wrong key of one deployment says nothing about the others.
        bool worth_it = failure->retryable || (failure->status == 401 && another);
        if (!worth_it || retries_ >= most_retries_) {
            add_group(*failure, group_);
            refuse(std::move(*failure), candidate.deployment.get());
            co_return;
        }
        co_await pause(delay_before_retry(*failure, another));
        if (scope_->client_gone()) continue;  // the next attempt sees it at once
        ++retries_;
    }
}

std::vector<Candidate> ChatCall::usable(const Resolution& resolution, std::string& problem,
                                        bool& key_missing) const {
    std::vector<Candidate> candidates;
    for (auto& candidate : resolution.candidates) {
        auto endpoint = endpoint_of(candidate);
        if (endpoint) {
            candidates.push_back(candidate);
            continue;
        }
        auto why = endpoint.error().what;
        bool key = why.starts_with("no API key");
        if (problem.empty() || (key_missing && !key)) {
            problem =
                why.starts_with("LLM Provider NOT") ? why
                : key
                    ? fmt::format(
                          "litellm.AuthenticationError: the model {} is disabled because the gateway has {}",
                          request_.model, why)
                    : fmt::format("litellm.BadRequestError: the model {} cannot be called: {}",
                                  request_.model, why);
            key_missing = key;
        }
    }
    return candidates;
}

Outcome<Endpoint> ChatCall::endpoint_of(const Candidate& candidate) const {
    auto& deployment = *candidate.deployment;
    Overrides overrides;
    overrides.mocked = request_.mock_response.has_value();
    if (deployment.client_may_set_key) overrides.key = request_.own_key;
    if (deployment.client_may_set_base) overrides.base = request_.own_base;
    return find_endpoint(deployment, candidate.model, models_->config().environment, overrides);
}

// Among those that have not failed yet and have room, if there are any.
Candidate ChatCall::choose(const std::vector<Candidate>& candidates) const {
    auto most_of = [&](const Deployment& d) {
        return d.max_parallel_requests ? d.max_parallel_requests
                                       : models_->config().default_max_parallel_requests;
    };
    std::vector<Candidate> fresh, roomy;
    for (auto& candidate : candidates)
        if (std::find(failed_.begin(), failed_.end(), candidate.deployment.get()) == failed_.end())
            fresh.push_back(candidate);
    auto& pool = fresh.empty() ? candidates : fresh;
    for (auto& candidate : pool)
        if (auto most = most_of(*candidate.deployment);
            !most || candidate.deployment->in_flight->load() < *most)
            roomy.push_back(candidate);
    auto& from = roomy.empty() ? pool : roomy;
    return from[shuffle(from, random_fraction())];
}

Duration ChatCall::limit_for(const Deployment& deployment) const {
    auto& config = models_->config();
    if (request_.stream && request_.stream_timeout) return *request_.stream_timeout;
    if (request_.timeout) return *request_.timeout;
    if (request_.stream && deployment.stream_timeout) return *deployment.stream_timeout;
    if (deployment.timeout) return *deployment.timeout;
    if (request_.stream && config.stream_timeout) return *config.stream_timeout;
    return config.timeout;
}

Duration ChatCall::delay_before_retry(const ApiError& error, bool another_is_left) const {
    if (another_is_left) return Duration{0};
    auto least = models_->config().retry_after;
    if (error.retry_after && *error.retry_after <= std::chrono::seconds(60))
        return std::max(least, *error.retry_after);
    auto seconds =
        std::min(8.0, 0.5 * static_cast<double>(1u << std::min(retries_, 10)) + 0.75 * random_fraction());
    return std::max(least, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

Awaitable<void> ChatCall::pause(Duration time) {
    if (time <= Duration{0}) co_return;
    scope_->allow_forever();
    scope_->allow(time + std::chrono::seconds(1));
    co_await scope_->run(sleep_for(time));
}

}  // namespace seance::litellm
