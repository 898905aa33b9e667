#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/chat_call.hpp"
#include "services/litellm/routing/retry.hpp"

// Which groups are asked, one after the other: the one that was asked for, then its fallbacks.
namespace seance::litellm {
namespace {

ApiError nothing_configured(const ModelTable& models, std::string_view name) {
    auto error = unknown_model(name);
    if (models.config().deployments.empty())
        error.message =
            "no models configured: model_list of the gateway's config.yaml is empty. " + error.message;
    return error;
}

}  // namespace

Awaitable<void> ChatCall::run() {
    exchange_.on_disconnect(scope_->ender_for_client());

    auto failure = enter_first_group();
    if (!failure) failure = co_await try_group();
    if (failure && !scope_->client_gone()) failure = co_await fall_back(std::move(failure));
    log_decision();
    if (scope_->client_gone()) {
        gateway_.abandoned.add();
        exchange_.log_fields(fmt::format(",\"model_group\":{},\"client_gone\":true", json_quote(group_)));
        co_return reply_to_nobody(exchange_);
    }
    if (!failure) co_return;
    if (known_) add_group(*failure, walk_.first(), walk_.available(walk_.first()));
    refuse(std::move(*failure), candidates_.empty() ? nullptr : candidates_.front().deployment.get());
}

Failure ChatCall::enter_first_group() {
    auto resolution = models_->resolve(admission_->model());
    known_ = resolution.has_value();
    group_ = known_ ? resolution->group : admission_->model();
    if (known_) label_ = models_->label_of(*resolution);
    walk_.begin(group_, admission_->model());
    most_retries_ = request_.num_retries.value_or(models_->config().routing.num_retries);
    if (!known_) return nothing_configured(*models_, request_.model);
    return enter_group(std::move(*resolution));
}

// The last failure, if no fallback answers.
Awaitable<Failure> ChatCall::fall_back(Failure failure) {
    auto failed_group = group_;
    while (failure && !scope_->client_gone()) {
        auto target = walk_.next(failed_group, failure->error_class());
        if (!target) break;
        failed_group = target->model;
        decision_.fell_back(target->model);
        auto next = resolve_target(*target, *failure);
        if (!next) continue;
        std::string label(models_->label_of(*next));
        auto original = *failure;
        failure = enter_group(std::move(*next));
        if (!failure) failure = co_await try_group();
        if (!scope_->client_gone())
            gateway_.call_metrics.fell_back(metrics_labels(), label, original, !failure);
    }
    co_return failure;
}

// The group of a fallback, with the request as it asks for it; else `failure` says why there is none. A name
// that nobody answers to leaves it the failure that it was: neither the client nor its request is at fault.
std::optional<Resolution> ChatCall::resolve_target(const FallbackTarget& target, ApiError& failure) {
    auto found = models_->resolve(target.model);
    if (!found) {
        failure.message +=
            fmt::format(". The fallback {} is no model of this gateway, so it was passed over", target.model);
        return std::nullopt;
    }
    if (!target.overrides.empty()) {
        auto request = form_.parse(override_members(request_.root, target.overrides), exchange_.head().fields,
                                   "", models_->config());
        if (!request) {
            failure = request.error();
            return std::nullopt;
        }
        request_ = std::move(*request);
    }
    // What answers is named in the answer.
    request_.model = target.model;
    return found;
}

void ChatCall::log_decision() {
    if (exchange_.is_logged()) exchange_.log_fields(decision_.log_fields(models_->config().routing.strategy));
}

}  // namespace seance::litellm
