#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// What a call leaves behind: headers, refusals, what it consumed and cost.
namespace seance::litellm {
namespace {

constexpr std::string_view kNotRepeated[] = {
    "connection",        "keep-alive", "proxy-authenticate", "proxy-authorization", "te",        "trailer",
    "transfer-encoding", "upgrade",    "content-length",     "content-encoding",    "set-cookie"};

}  // namespace

std::optional<double> ChatCall::cost_of(const Usage& usage, const Deployment& deployment) const {
    if (usage.cost) return usage.cost;
    if (!deployment.input_price && !deployment.output_price) return std::nullopt;
    return static_cast<double>(usage.prompt) * deployment.input_price.value_or(0) +
           static_cast<double>(usage.completion) * deployment.output_price.value_or(0);
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
    fields.set("x-litellm-max-retries", std::to_string(most_retries_));
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
    return fields;
}

void ChatCall::refuse(ApiError error, const Deployment* deployment) {
    auto fields = fields_for(deployment, nullptr);
    fields.set("x-litellm-response-cost", "0");
    if (error.status == 408)
        fields.set("x-litellm-timeout", fmt::format("{:g}", std::chrono::duration<double>(limit_).count()));
    if (error.retry_after)
        fields.set("retry-after",
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count()));
    (error.status >= 500 ? gateway_.failed : gateway_.refused).add();
    exchange_.log_fields(fmt::format(",\"model_group\":{},\"retries\":{}", json_quote(group_), retries_));
    reply_json(exchange_, error.status, form_.error_body(error), std::move(fields));
}

void ChatCall::note(Attempt& attempt, const Usage& usage) {
    gateway_.answered.add();
    attempt.usage = usage;
    exchange_.log_fields(fmt::format(
        ",\"model_group\":{},\"deployment\":{},\"retries\":{},\"prompt_tokens\":{},\"completion_tokens\":{}",
        json_quote(group_), json_quote(attempt.deployment->id), retries_, usage.prompt, usage.completion));
}

}  // namespace seance::litellm
