#include "services/litellm/ledger/admission.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mutex>
#include <set>

#include "core/observe/log.hpp"
#include "services/litellm/alerts.hpp"
#include "services/litellm/domain/day_sums.hpp"
#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/domain/unpriced.hpp"
#include "services/litellm/ledger/budget_gauges.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

std::string quoted_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (auto& text : texts) out += (out.size() > 1 ? "," : "") + json_quote(text);
    return out + "]";
}

std::string or_null(std::string_view text) {
    return text.empty() ? "null" : json_quote(text);
}

// Loops remember by themselves what they have asked about, so that few calls come here.
bool is_first_of_process(const std::string& unpriced) {
    static std::mutex mutex;
    static std::set<std::string> told;
    std::lock_guard lock(mutex);
    return told.size() < 1000 && told.insert(unpriced).second;
}

}  // namespace

Admission::Admission(std::shared_ptr<Ledger> ledger, std::shared_ptr<const ModelTable> models)
    : ledger_(std::move(ledger)), models_(std::move(models)) {}

Admission::~Admission() {
    if (settled_) return;
    Settlement cut;
    cut.status = 499;
    cut.error = "the call ended before it was answered";
    settle(std::move(cut));
}

bool Admission::may_mock() const {
    return caller_.kind == Caller::Kind::Master || (caller_.kind == Caller::Kind::Open && !caller_.nobody) ||
           (caller_.key && caller_.key->may_mock);
}

std::optional<NanoUsd> Admission::cost(const Usage& usage, const Deployment& deployment,
                                       std::string_view provider, std::string_view model) const {
    auto price = ledger_->rules(models_)->prices.find(deployment, provider, model);
    if (price || usage.cost) return cost_of(price.value_or(Price{}), usage, Clock::now() - started_);
    // Where nobody has answered no model is known, and nothing is to be paid for.
    if (deployment.mock_response || model.empty()) return std::nullopt;
    auto name = fmt::format("{}/{}", provider, model);
    if (!is_self_hosted(provider) && ledger_->unpriced_.size() < 1000 &&
        ledger_->unpriced_.insert(name).second && !models_->config().told_unpriced.contains(name) &&
        is_first_of_process(name))
        observe::log(observe::Level::Warning, "price_unknown")
            .field("model", name)
            .field("consequence", "its calls cost 0; set input_cost_per_token and output_cost_per_token");
    return std::nullopt;
}

void Admission::add_fields(http::Fields& fields, std::optional<NanoUsd> cost) const {
    if (refusal_) {
        for (auto& [name, value] : refusal_fields_.all()) fields.set(name, value);
        if (refusal_->retry_after)
            fields.set(
                "retry-after",
                std::to_string(std::chrono::ceil<std::chrono::seconds>(*refusal_->retry_after).count()));
        fields.set("x-litellm-response-cost", "0");
    }
    if (cost) {
        // Discounts and margins are the proxy's own business model in the original; here there are none.
        auto text = print_usd(*cost);
        fields.set("x-litellm-response-cost", text);
        fields.set("x-litellm-response-cost-original", text);
        fields.set("x-litellm-response-cost-discount-amount", "0.0");
        fields.set("x-litellm-response-cost-margin-amount", "0.0");
        fields.set("x-litellm-response-cost-margin-percent", "0.0");
    }
    if (cache_wish_.any() && !refusal_) fields.set("x-litellm-cache-key", cache_wish_.key);
    if (!caller_.key) return;
    auto& limits = caller_.key->limits;
    if (limits.tpm) fields.set("x-litellm-key-tpm-limit", std::to_string(*limits.tpm));
    if (limits.rpm) fields.set("x-litellm-key-rpm-limit", std::to_string(*limits.rpm));
    if (limits.max_budget) fields.set("x-litellm-key-max-budget", print_usd(*limits.max_budget));
    if (spend_before_) fields.set("x-litellm-key-spend", print_usd(*spend_before_ + cost.value_or(0)));
    auto now = unix_ms();
    for (std::size_t i = 0; i < plan_.windows.size() && i < window_counts_.size(); ++i) {
        auto& window = plan_.windows[i];
        std::string_view kind = window.requests ? "requests" : "tokens";
        auto left = std::to_string(std::max<std::int64_t>(window.limit - window_counts_[i], 0));
        fields.set(fmt::format("x-ratelimit-{}-limit-{}", window.entity, kind), std::to_string(window.limit));
        fields.set(fmt::format("x-ratelimit-{}-remaining-{}", window.entity, kind), left);
        if (window.entity == "model_per_key")
            fields.set(fmt::format("x-litellm-key-remaining-{}-{}", kind, asked_model_), left);
        if (window.entity != "api_key") continue;
        fields.set(fmt::format("x-ratelimit-limit-{}", kind), std::to_string(window.limit));
        fields.set(fmt::format("x-ratelimit-remaining-{}", kind), left);
        fields.set(fmt::format("x-ratelimit-reset-{}", kind),
                   fmt::format("{}s", (std::max<UnixMs>(window_ends_[i] - now, 0) + 999) / 1000));
    }
}

void Admission::keep(std::string completion) {
    if (cache_wish_.write) ledger_->cache().store(cache_wish_, std::move(completion));
}

bool Admission::keeps_answer() const {
    return records_ && ledger_->config().keep_prompts;
}

std::string Admission::log_fields() const {
    if (caller_.kind == Caller::Kind::Open || !ledger_->config().name_keys) return "";
    auto out = fmt::format(",\"api_key_alias\":{}", or_null(caller_.alias()));
    if (caller_.key) out += fmt::format(",\"api_key_hash\":{}", json_quote(caller_.key->id.substr(0, 12)));
    return out;
}

// Whose sum of the day it is. What a client asks for in vain is counted under a name from the configuration,
// so that nobody can fill Valkey with names made up.
std::string Admission::summed_model(const Settlement& how) const {
    if (how.status < 400 || asked_model_.empty()) return asked_model_;
    auto found = models_->resolve(model_);
    if (!found) return "unknown";
    auto label = models_->label_of(*found);
    return is_pattern(label) ? std::string(label) : asked_model_;
}

std::string Admission::operations(const Settlement& how, NanoUsd cost) const {
    auto& config = ledger_->config();
    std::string out = "{";
    if (!lease_.empty()) {
        std::string open;
        for (auto& purse : plan_.purses)
            if (purse.limited()) open += (open.empty() ? "" : ",") + json_quote(purse.id);
        out += fmt::format("\"l\":\"{}\",\"a\":\"{}\",\"o\":[{}],", lease_, reserved_, open);
    }
    auto tokens = config.counted == TokenCount::Input    ? how.usage.prompt
                  : config.counted == TokenCount::Output ? how.usage.completion
                                                         : how.usage.prompt + how.usage.completion;
    std::string windows;
    if (tokens > 0 && !how.cache_hit)
        for (auto& window : plan_.windows)
            if (!window.requests)
                windows +=
                    fmt::format("{}[{},{}]", windows.empty() ? "" : ",", json_quote(window.id), tokens);
    if (!windows.empty())
        out += fmt::format("\"w\":[{}],\"n\":{},", windows, config.window / std::chrono::milliseconds(1));
    if (config.charge && (cost > 0 || caller_.kind == Caller::Kind::Key)) {
        std::string purses;
        for (auto& purse : plan_.purses) purses += (purses.empty() ? "" : ",") + json_quote(purse.id);
        out += fmt::format("\"p\":[{}],", purses);
        if (caller_.key) out += fmt::format("\"k\":{},", json_quote(caller_.key->purse));
        if (caller_.key && cost > 0) out += fmt::format("\"m\":{},", json_quote(asked_model_));
    }
    std::string groups = "\"all|\"";
    auto add = [&](SpendKind kind, std::string_view id) {
        groups += "," + json_quote(fmt::format("{}|{}", name_of(kind), id));
    };
    auto group = [&](SpendKind kind, std::string_view id) {
        if (!id.empty()) add(kind, id);
    };
    add(SpendKind::Model, summed_model(how));
    group(SpendKind::Key, caller_.name());
    group(SpendKind::Provider, how.provider);
    if (caller_.key) {
        group(SpendKind::User, caller_.key->user_id);
        group(SpendKind::Team, caller_.key->team_id);
    }
    if (caller_.customer) group(SpendKind::Customer, caller_.customer->id);
    for (auto& tag : tags_) group(SpendKind::Tag, tag);
    bool failed = how.status >= 400;
    return out + fmt::format("\"c\":\"{}\",\"d\":\"{}\",\"g\":[{}],\"i\":{},\"t\":{},\"f\":{},\"h\":{}}}",
                             cost, print_day(started_ms_), groups, how.usage.prompt, how.usage.completion,
                             failed ? 1 : 0, how.cache_hit ? 1 : 0);
}

std::string Admission::record(const Settlement& how, NanoUsd cost) const {
    auto& config = ledger_->config();
    if (!config.keep_records) return "";
    bool failed = how.status >= 400;
    auto now = unix_ms();
    auto first = how.first_token == Instant{}
                     ? now
                     : started_ms_ + (how.first_token - started_) / std::chrono::milliseconds(1);
    std::string metadata = fmt::format(
        "{{\"user_api_key\":{},\"user_api_key_alias\":{},\"user_api_key_user_id\":{},\"user_api_key_team_"
        "id\":{},"
        "\"status\":\"{}\",\"retries\":{}",
        json_quote(caller_.name()), or_null(caller_.alias()),
        or_null(caller_.key ? caller_.key->user_id : ""), or_null(caller_.key ? caller_.key->team_id : ""),
        failed ? "failure" : "success", how.retries);
    if (!metadata_.empty()) metadata += ",\"spend_logs_metadata\":" + metadata_;
    if (how.usage.cached > 0) metadata += fmt::format(",\"cached_tokens\":{}", how.usage.cached);
    if (how.usage.cache_creation > 0)
        metadata += fmt::format(",\"cache_creation_tokens\":{}", how.usage.cache_creation);
    if (how.usage.reasoning > 0) metadata += fmt::format(",\"reasoning_tokens\":{}", how.usage.reasoning);
    if (failed)
        metadata += fmt::format(",\"error_information\":{{\"error_code\":\"{}\",\"error_message\":{}}}",
                                how.status, json_quote(std::string_view(how.error).substr(0, 500)));
    metadata += "}";
    return fmt::format(
        "{{\"request_id\":{},\"call_type\":{},\"api_key\":{},\"spend\":{},\"total_tokens\":{},\"prompt_"
        "tokens\":{},"
        "\"completion_tokens\":{},\"startTime\":\"{}\",\"endTime\":\"{}\",\"completionStartTime\":\"{}\","
        "\"model\":{},"
        "\"model_id\":{},\"model_group\":{},\"custom_llm_provider\":{},\"api_base\":{},\"user\":{},\"team_"
        "id\":{},"
        "\"end_user\":{},\"requester_ip_address\":{},\"metadata\":{},\"cache_hit\":\"{}\",\"cache_key\":{},"
        "\"request_tags\":{},\"session_id\":{},\"status\":\"{}\",\"messages\":{},\"response\":{}}}",
        json_quote(call_id_), json_quote(call_type_), json_quote(caller_.name()), print_usd(cost),
        how.usage.prompt + how.usage.completion, how.usage.prompt, how.usage.completion,
        print_time(started_ms_), print_time(now), print_time(first),
        json_quote(how.model.empty() ? asked_model_ : how.model),
        or_null(how.deployment ? how.deployment->id : ""),
        or_null(how.model_group.empty() ? asked_model_ : how.model_group), or_null(how.provider),
        or_null(how.api_base), or_null(caller_.key ? caller_.key->user_id : ""),
        or_null(caller_.key ? caller_.key->team_id : ""), or_null(end_user_), or_null(peer_),
        json_quote(metadata), how.cache_hit ? "True" : "False", or_null(how.cache_key),
        json_quote(quoted_list(tags_)), or_null(session_), failed ? "failure" : "success",
        prompt_.empty() ? "{}" : prompt_,
        how.response.empty() || !config.keep_prompts || redacted_ ? "{}" : how.response);
}

void Admission::settle(Settlement how) {
    if (std::exchange(settled_, true)) return;
    ledger_->open_.erase(this);
    NanoUsd cost = 0;
    if (how.cost)
        cost = *how.cost;
    else if (how.deployment && !how.cache_hit && !how.provider.empty())  // something has been asked
        cost = this->cost(how.usage, *how.deployment, how.provider, how.model).value_or(0);
    if (caller_.kind != Caller::Kind::Open || ledger_->courier_) {
        // Names from the configuration alone: what clients make up is no label.
        auto made_up = !how.deployment || how.deployment->is_wildcard();
        SpendMetrics::Labels labels{std::string(caller_.name()),
                                    std::string(caller_.alias()),
                                    caller_.key ? caller_.key->team_id : "",
                                    caller_.key ? caller_.key->user_id : "",
                                    how.deployment ? how.deployment->model_name
                                    : how.cost     ? how.model_group
                                                   : "",
                                    !made_up         ? how.model
                                    : how.deployment ? how.deployment->litellm_model
                                                     : "",
                                    how.deployment ? how.deployment->id : ""};
        ledger_->metrics_.note(labels, cost, how.cache_hit ? Usage{} : how.usage);
    }
    if (ledger_->config().charge)
        for (auto& purse : plan_.purses)
            if (purse.limit && (purse.entity == "team" || purse.entity == "api_key"))
                budget_gauges().charge(purse.id, cost);
    if (caller_.key && caller_.key->limits.soft_budget) {
        auto soft = *caller_.key->limits.soft_budget;
        auto before = spend_before_.value_or(0);
        if (before < soft && before + cost >= soft) {
            observe::log(observe::Level::Warning, "soft_budget_crossed")
                .field("api_key_alias", caller_.alias())
                .field("api_key_hash", caller_.key->id.substr(0, 12))
                .field("soft_budget", print_usd(soft))
                .field("spend", print_usd(before + cost));
            ledger_->alerts_->tell(models_->config(), kBudgetAlerts, "soft " + caller_.key->id, [&] {
                return fmt::format("*Soft budget crossed*: the key {} has spent ${} of ${}. Its calls go on.",
                                   caller_.alias(), print_usd(before + cost), print_usd(soft));
            });
        }
    }
    tell_if_slow(how);
    if (!records_ || !ledger_->courier_) return;
    ledger_->courier_->post(operations(how, cost), record(how, cost));
}

// Of each deployment, or of what a call is passed on to.
void Admission::tell_if_slow(const Settlement& how) const {
    auto took = Clock::now() - started_;
    auto& config = models_->config();
    if (took < config.slow_after) return;
    auto& subject = how.deployment ? how.deployment->id : asked_model_;
    ledger_->alerts_->tell(config, kSlowAlerts, subject, [&] {
        auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
        return fmt::format(
            "*Slow call*: {} took {:.2f} s to end with status {}, and more than {:g} s is slow "
            "(alerting_threshold).",
            how.deployment
                ? fmt::format("{} of {} ({})", subject,
                              how.model_group.empty() ? how.deployment->model_name : how.model_group,
                              how.deployment->litellm_model)
                : subject,
            seconds(took), how.status, seconds(config.slow_after));
    });
}

// What a reservation may have taken, although its answer was lost.
void Admission::release() {
    std::string open;
    for (auto& purse : plan_.purses)
        if (purse.limited()) open += (open.empty() ? "" : ",") + json_quote(purse.id);
    if (open.empty() || !ledger_->courier_) return;
    ledger_->courier_->post(
        fmt::format("{{\"l\":\"{}\",\"a\":\"{}\",\"o\":[{}],\"c\":\"0\"}}", lease_, reserved_, open), "");
}

}  // namespace seance::litellm
