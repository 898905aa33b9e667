#include <fmt/format.h>

#include <algorithm>

#include "core/base/duration.hpp"
#include "core/base/text.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// What a call leaves behind: headers, refusals, what it consumed and cost.
namespace seance::litellm {
namespace {

constexpr std::string_view kNotRepeated[] = {
    "connection",        "keep-alive", "proxy-authenticate", "proxy-authorization", "te",        "trailer",
    "transfer-encoding", "upgrade",    "content-length",     "content-encoding",    "set-cookie"};

constexpr std::size_t kMostRecorded = 64 << 10;  // of an answer, as of a prompt

// As Python prints a float: 0.2, 6000.0.
std::string print_seconds(Duration time) {
    auto text = fmt::format("{:g}", std::chrono::duration<double>(time).count());
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::optional<NanoUsd> ChatCall::cost_of(const Attempt& attempt, const Usage& usage) const {
    return admission_->cost(usage, *attempt.deployment, attempt.endpoint->provider->prefix,
                            attempt.endpoint->model);
}

// What the call consumed is on disk before the client has all of its answer.
void ChatCall::settle(const Attempt& attempt, const Usage& usage) {
    Settlement how;
    how.usage = usage;
    how.deployment = attempt.deployment.get();
    how.provider = attempt.endpoint->provider->prefix;
    how.model = attempt.endpoint->model;
    how.api_base = attempt.endpoint->base.substr(0, attempt.endpoint->base.find('?'));
    how.model_group = group_;
    how.first_token = attempt.first_content;
    how.retries = retries_;
    if (answer_.size() <= kMostRecorded) how.response = answer_;
    if (attempt.broken) {
        how.status = attempt.broken->status;
        how.error = attempt.broken->message;
    } else if (scope_->client_gone()) {
        how.status = 499;
        how.error = "the client went away";
    }
    admission_->settle(std::move(how));
}

ChatCall::CutShort::~CutShort() {
    if (!begun_ || call_.admission_->settled()) return;
    attempt_.broken = ApiError{.status = 503, .message = "the gateway was stopped before the stream's end"};
    call_.settle(attempt_, relay_.usage());
}

// What the client is about to get of a stream, for the cache.
void ChatCall::keep_stream(std::string_view sent, bool whole, const Usage& usage) {
    bool cached = admission_->cache_wish().write;
    bool recorded = form_.call_type() == "acompletion" && admission_->keeps_answer();
    if (!cached && !recorded) return;
    if (!collector_) collector_ = std::make_unique<StreamCollector>();
    collector_->feed(sent);
    if (!whole) return;
    auto completion = collector_->completion(usage);
    if (!completion) return;
    if (recorded) answer_ = *completion;
    if (cached) admission_->keep(std::move(*completion));
}

http::Fields ChatCall::fields_for(const Deployment* deployment, const http::Fields* upstream) const {
    auto fields = common_fields(exchange_.head(), call_id_);
    if (deployment) {
        fields.set("x-litellm-model-id", deployment->id);
        if (!api_base_.empty())
            fields.set("x-litellm-model-api-base", api_base_.substr(0, api_base_.find('?')));
    }
    if (!group_.empty()) fields.set("x-litellm-model-group", group_);
    fields.set("x-litellm-attempted-retries", std::to_string(retries_));
    if (retries_ > 0) fields.set("x-litellm-max-retries", std::to_string(most_retries_));
    fields.set("x-litellm-attempted-fallbacks", std::to_string(walk_.hops()));
    if (walk_.hops() > 0)
        fields.set("x-litellm-max-fallbacks", std::to_string(models_->config().routing.max_fallbacks));
    if (upstream) {
        for (auto& [name, value] : upstream->all()) {
            auto word = lower(name);
            if (std::find(std::begin(kNotRepeated), std::end(kNotRepeated), word) != std::end(kNotRepeated))
                continue;
            fields.add("llm_provider-" + word, value);
            if (word.starts_with("x-ratelimit-")) fields.set(word, value);
        }
    }
    admission_->add_fields(fields, std::nullopt);  // after the upstream's: the key's own limits win
    return fields;
}

void ChatCall::add_times(http::Fields& fields, const Attempt& attempt) const {
    auto times = times_of(attempt, Clock::now());
    fields.set("x-litellm-response-duration-ms", print_ms(times.total));
    fields.set("x-litellm-overhead-duration-ms", print_ms(times.overhead));
    if (!gateway_.detailed_timing) return;
    fields.set("x-litellm-timing-pre-processing-ms", print_ms(times.before));
    fields.set("x-litellm-timing-llm-api-ms", print_ms(times.upstream));
    fields.set("x-litellm-timing-post-processing-ms", print_ms(times.after));
    fields.set("x-litellm-timing-message-copy-ms", print_ms(Duration{0}));  // nothing is copied
}

CallMetrics::Times ChatCall::times_of(const Attempt& attempt, Instant now) const {
    CallMetrics::Times times;
    times.total = now - started_;
    if (attempt.called == Instant{}) {  // answered here
        times.before = times.overhead = times.total - waited_;
        return times;
    }
    auto answered = attempt.answered == Instant{} ? now : attempt.answered;
    times.before = attempt.called - started_ - waited_;
    times.upstream = answered - attempt.called;
    times.after = now - answered;
    times.overhead = times.before + times.after;
    if (attempt.first_content != Instant{}) times.first_token = attempt.first_content - attempt.called;
    times.completion_tokens = attempt.usage.completion;
    return times;
}

CallMetrics::Request ChatCall::metrics_labels() const {
    auto& caller = admission_->caller();
    CallMetrics::Request labels;
    labels.key = caller.name();
    labels.alias = caller.alias();
    if (caller.team) {
        labels.team = caller.team->id;
        labels.team_alias = caller.team->alias;
    }
    if (caller.user) labels.user = caller.user->id;
    labels.requested_model = label_;
    labels.route = form_.call_type();
    return labels;
}

void ChatCall::count_answer(const Attempt& attempt) {
    auto times = times_of(attempt, Clock::now());
    gateway_.call_metrics.answered(metrics_labels(), *attempt.deployment, times);
    if (!exchange_.is_logged()) return;
    auto us = [](Duration time) { return std::chrono::round<std::chrono::microseconds>(time).count(); };
    exchange_.log_fields(fmt::format(",\"before_us\":{},\"upstream_us\":{},\"after_us\":{}", us(times.before),
                                     us(times.upstream), us(times.after)));
}

void ChatCall::refuse(ApiError error, const Deployment* deployment) {
    auto fields = fields_for(deployment, error.upstream.get());
    fields.set("x-litellm-response-cost", "0");
    if (limit_ > Duration{0}) fields.set("x-litellm-timeout", print_seconds(limit_));
    if (error.retry_after)
        fields.set("retry-after",
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count()));
    Settlement how;
    how.status = error.status;
    how.error = error.message;
    how.deployment = deployment;
    how.model_group = group_;
    how.retries = retries_;
    admission_->settle(std::move(how));
    gateway_.call_metrics.request_ended(metrics_labels(), error.status, &error);
    exchange_.log_fields(admission_->log_fields());
    (error.status >= 500 ? gateway_.failed : gateway_.refused).add();
    exchange_.log_fields(fmt::format(",\"model_group\":{},\"retries\":{}", json_quote(group_), retries_));
    reply_error(exchange_, error, form_.error_body(error), std::move(fields));
}

void ChatCall::note(Attempt& attempt, const Usage& usage) {
    gateway_.answered.add();
    attempt.usage = usage;
    settle(attempt, usage);
    exchange_.log_fields(admission_->log_fields());
    exchange_.log_fields(fmt::format(
        ",\"model_group\":{},\"deployment\":{},\"retries\":{},\"prompt_tokens\":{},\"completion_tokens\":{}",
        json_quote(group_), json_quote(attempt.deployment->id), retries_, usage.prompt, usage.completion));
}

}  // namespace seance::litellm
