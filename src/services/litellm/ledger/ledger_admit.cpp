#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/alerts.hpp"
#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/domain/route_class.hpp"
#include "services/litellm/ledger/budget_gauges.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/routing/wishes.hpp"

// How one call is admitted: who asks, for which model, and what it may take.
namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

constexpr int kMostReads = 3;  // of a key that changes while it is read

std::int64_t number_in(const valkey::Reply& reply) {
    if (reply.kind == valkey::Reply::Kind::Integer) return reply.integer;
    bool negative = reply.text.starts_with('-');
    auto parsed = parse_number(std::string_view(reply.text).substr(negative ? 1 : 0));
    return parsed ? (negative ? -1 : 1) * static_cast<std::int64_t>(*parsed) : 0;
}

}  // namespace

std::optional<ApiError> Ledger::judge_models(const Caller& caller, const Ask& ask, std::string_view model,
                                             const Rules& rules) const {
    if (caller.kind != Caller::Kind::Key) return std::nullopt;
    static const std::vector<std::string> none;
    auto& team = caller.team ? caller.team->models : none;
    auto deny = [&](std::string_view name) -> std::optional<ApiError> {
        if (!allows_model(caller.key->models, name, rules.groups, team))
            return model_denied("key", name, caller.key->models);
        if (!allows_model(team, name, rules.groups, none)) return model_denied("team", name, team);
        if (!caller.team && caller.user && !allows_model(caller.user->models, name, rules.groups, none))
            return model_denied("user", name, caller.user->models);
        return std::nullopt;
    };
    if (auto denied = deny(model)) return denied;
    if (!ask.body.is(JsonKind::Object) || !ask.endpoint.empty()) return std::nullopt;
    for (auto& name : named_fallbacks(ask.body))
        if (auto denied = deny(name)) return denied;
    return std::nullopt;
}

NanoUsd Ledger::most_it_may_cost(const Ask& ask, std::string_view model, const Rules& rules,
                                 bool& free) const {
    // Where nobody knows how long an answer may get: as long as common models let it.
    constexpr std::uint64_t kUsualOutput = 8192;
    auto resolution = models_->resolve(model);
    free = false;
    if (!resolution || resolution->candidates.empty()) return 0;
    std::uint64_t wanted = 0, choices = 1;
    if (ask.body.is(JsonKind::Object)) {
        for (auto name : {"max_completion_tokens", "max_tokens", "max_output_tokens"})
            if (auto most = json_number(json_find(ask.body, name)); most && *most > 0 && *most < 1e9)
                wanted = std::max(wanted, static_cast<std::uint64_t>(*most));
        if (auto n = json_number(json_find(ask.body, "n")); n && *n > 1 && *n <= 128)
            choices = static_cast<std::uint64_t>(*n);
    }
    NanoUsd most = 0;
    bool known = true, all_free = true;
    for (auto& candidate : resolution->candidates) {
        auto& deployment = *candidate.deployment;
        auto choice = choose_provider(candidate.model, deployment.forced_provider, deployment.api_base,
                                      models_->config().environment);
        auto price =
            rules.prices.find(deployment, choice.provider ? choice.provider->prefix : "", choice.model);
        if (!price) {
            known = false;
            continue;
        }
        all_free = all_free && price->free();
        auto output = wanted ? wanted : price->max_output ? price->max_output : kUsualOutput;
        Usage usage;
        usage.prompt = ask.prompt_estimate * 2;  // an estimate of the most, not of the mean
        usage.completion = output * choices;
        usage.images = choices;
        most = std::max(most, cost_of(*price, usage));
    }
    free = known && all_free;
    return most;
}

void Ledger::refuse(Admission& admission, ApiError error) const {
    admission.refusal_ = std::move(error);
    admission.settled_ = true;
}

Awaitable<AdmissionPtr> Ledger::admit(const http::RequestHead& head, std::string call_id, Ask ask,
                                      std::shared_ptr<const ModelTable> models) {
    auto admission = std::make_shared<Admission>(shared_from_this(), models);
    admission->call_id_ = std::move(call_id);
    admission->started_ = Clock::now();
    admission->started_ms_ = unix_ms();
    bool is_model = ask.endpoint.empty();
    admission->asked_model_ = admission->model_ = is_model ? ask.model : ask.endpoint;
    const auto in_force = models_;  // held while Valkey is waited for: a reload lets go of it
    auto& config = in_force->config();
    auto& ledger = config.ledger;
    admission->call_type_ = ask.call_type;
    // Recorded, with nothing to hold it to.
    auto count_only = [&] {
        admission->plan_ = plan_admission(admission->caller_, ledger, admission->asked_model_, false,
                                          admission->started_ms_);
        admission->records_ = true;
    };
    std::string method(head.method), path(path_below(settings_.root_path, head.path()));
    auto refused = check_key(config, find_key(head, config.key_header), settings_.loopback_only());
    bool is_virtual = refused && refused->type == "no_db_connection";
    bool is_public = refused && (ask.open || (!is_virtual && is_public_route(config, path)));
    if (!refused || is_public) {
        admission->caller_.kind =
            config.master_key.empty() || is_public ? Caller::Kind::Open : Caller::Kind::Master;
        admission->caller_.nobody = is_public;
        if (!store_) co_return admission;
        describe(*admission, head, ask);
        count_only();
        co_return admission;
    }
    if (!is_virtual || !store_) {
        refuse(*admission, std::move(*refused));
        co_return admission;
    }
    auto key = *find_key(head, config.key_header);
    auto hash = sha256_hex(key);
    auto rules_now = rules(models);
    describe(*admission, head, ask);
    auto fresh = Fresh::No;
    for (int tries = 0; tries < kMostReads; ++tries) {
        auto caller = co_await identify(key, fresh);
        if (!caller && is_public_route(config, path)) {
            admission->caller_.nobody = true;
            count_only();
            co_return admission;
        }
        if (!caller) {
            refuse(*admission, caller.error());
            co_return admission;
        }
        admission->caller_ = std::move(*caller);
        auto& who = admission->caller_;
        who.end_user = admission->end_user_;
        if (who.kind == Caller::Kind::Key && !admission->end_user_.empty())
            who.customer = co_await find_customer(admission->end_user_, fresh);
        admission->model_ = admission->asked_model_;
        if (who.key && is_model)
            if (auto alias = who.key->aliases.find(admission->asked_model_); alias != who.key->aliases.end())
                admission->model_ = alias->second;
        auto error = judge(who, method, path);
        if (!error && who.customer && who.customer->blocked)
            error =
                auth_error(fmt::format("User blocked from making LLM API Calls. User={}", who.customer->id));
        // What is passed on need not name a model; if it does, the key must have access to it.
        if (!error && (is_model || !ask.model.empty())) error = judge_models(who, ask, ask.model, *rules_now);
        if (error) {
            if (fresh == Fresh::Yes || who.kind == Caller::Kind::Unchecked) {
                refuse(*admission, std::move(*error));
                co_return admission;
            }
            fresh = Fresh::Yes;
            continue;
        }
        for (auto& tag : who.tags())
            if (std::find(admission->tags_.begin(), admission->tags_.end(), tag) == admission->tags_.end())
                admission->tags_.push_back(std::move(tag));
        bool free = false;
        admission->reserved_ =
            is_model ? most_it_may_cost(ask, admission->model_, *rules_now, free) : ask.price;
        admission->plan_ = plan_admission(who, ledger, admission->asked_model_, free, admission->started_ms_);
        admission->records_ = true;
        if (who.kind == Caller::Kind::Unchecked) co_return admission;
        auto known = known_.find(hash);
        std::string version = known == known_.end() ? "0" : known->second.version;
        // A customer may have been read at another time than the key.
        if (auto other = customers_.find(admission->end_user_);
            !admission->end_user_.empty() && other != customers_.end() && other->second.version != version)
            version = "mixed";
        if (co_await reserve(*admission, std::move(version))) co_return admission;
        fresh = Fresh::Yes;
    }
    refuse(*admission, store_away());
    co_return admission;
}

void Ledger::tell_of_budget(const PurseUse& purse, NanoUsd spent) const {
    if (!purse.limit || spent < *purse.limit) return;
    alerts_->tell(models_->config(), kBudgetAlerts, purse.id, [&] {
        return fmt::format(
            "*Budget crossed*: {} {} has spent ${} of ${}. Its calls are refused until the budget is raised "
            "or begins anew.",
            purse.entity, purse.who, print_usd(spent), print_usd(*purse.limit));
    });
}

// False: to be tried again, for the records changed since they were read, or Valkey's clock is not what we
// took it for.
Awaitable<bool> Ledger::reserve(Admission& admission, std::string version) {
    const auto in_force = models_;
    auto& config = in_force->config().ledger;
    auto& plan = admission.plan_;
    admission.lease_ = random_id();
    auto ms = [](Duration d) { return std::to_string(d / std::chrono::milliseconds(1)); };
    // A pause of Valkey must not leave what it then takes for callers that have gone: the release of such a
    // call may overtake it, on another connection.
    auto sent = unix_ms();
    // Rates are not held while nobody can count; money is.
    const bool needs_answer = plan.has_budget() && !config.serve_when_away;
    const auto limit = needs_answer ? config.patience : config.deadline;
    auto deadline = limit / 1ms;
    auto until = ahead_ ? std::to_string(sent + *ahead_ + deadline + 1) : std::string();
    std::vector<std::string> arguments{std::move(version),
                                       admission.lease_,
                                       std::to_string(admission.reserved_),
                                       ms(config.lease),
                                       ms(config.window),
                                       std::to_string(plan.purses.size()),
                                       std::to_string(plan.windows.size()),
                                       std::move(until)};
    for (auto& purse : plan.purses) {
        arguments.push_back(purse.id);
        arguments.push_back(purse.limit ? std::to_string(*purse.limit) : "");
        arguments.push_back(purse.parallel ? std::to_string(*purse.parallel) : "");
        arguments.push_back(purse.period);
    }
    for (auto& window : plan.windows) {
        arguments.push_back(window.id);
        arguments.push_back(std::to_string(window.limit));
        arguments.emplace_back(window.requests ? "1" : "0");
    }
    std::vector<std::string> no_keys;
    auto reply = co_await store_->run(admit_script(), std::move(no_keys), std::move(arguments), limit);
    if (!reply) {
        // It may have been carried out all the same: what it took is given back as soon as that can be said.
        if (reply.error() != valkey::Errc::NotConnected) admission.release();
        if (needs_answer) {
            refuse(admission, store_away());
            co_return true;
        }
        admission.lease_.clear();
        co_return true;
    }
    auto& list = reply->list;
    auto word = list.empty() ? std::string() : list[0].text;
    auto number = [&](std::size_t i) { return i < list.size() ? number_in(list[i]) : 0; };
    auto index = static_cast<std::size_t>(std::max<std::int64_t>(number(1) - 1, 0));
    // The quicker an answer the better it tells the time. Counted from its arrival, it makes Valkey's clock
    // less ahead than it is, never more: what comes too late is not taken for timely.
    auto answered = unix_ms();
    bool quick = word == "ok" && (!ahead_ || answered - sent <= config.deadline / 4ms);
    if (quick || word == "late") ahead_ = number(1) - answered;
    if (word == "stale" || word == "late") co_return false;
    if (word == "budget" && index < plan.purses.size()) {
        auto& purse = plan.purses[index];
        auto spent = number(4 + index);
        refuse(admission, budget_exceeded(purse, spent, number(2) - spent, config.budget_status));
        // Not of what calls under way may yet cost: they give back what they do not use.
        for (std::size_t i = 0; i < plan.purses.size(); ++i) tell_of_budget(plan.purses[i], number(4 + i));
    } else if (word == "parallel" && index < plan.purses.size()) {
        refuse(admission, too_many_parallel(plan.purses[index], number(2)));
        admission.refusal_fields_.set("rate_limit_type", "max_parallel_requests");
    } else if (word == "window" && index < plan.windows.size()) {
        auto& window = plan.windows[index];
        refuse(admission, window_full(window, number(2), number(3), unix_ms()));
        admission.refusal_fields_.set("rate_limit_type", window.requests ? "requests" : "tokens");
        admission.refusal_fields_.set("reset_at", print_time(number(3)));
    }
    if (admission.refusal_)
        for (std::size_t i = 0; i < plan.purses.size() && list.size() >= 4 + plan.purses.size(); ++i) {
            if (plan.purses[i].entity == "api_key") admission.spend_before_ = number(4 + i);
            budget_gauges().set_spent(plan.purses[i].id, number(4 + i));
        }
    if (word != "ok") {
        if (!admission.refusal_) refuse(admission, store_away());
        co_return true;
    }
    std::size_t at = 2;
    for (auto& purse : plan.purses) {
        if (purse.entity == "api_key") admission.spend_before_ = number(at);
        show_budget(admission.caller_, purse, number(at), number(at + 1));
        at += 2;
    }
    for ([[maybe_unused]] auto& window : plan.windows) {
        admission.window_counts_.push_back(number(at));
        admission.window_ends_.push_back(number(at + 1));
        at += 2;
    }
    bool leased =
        std::any_of(plan.purses.begin(), plan.purses.end(), [](auto& purse) { return purse.limited(); });
    if (leased)
        open_.insert(&admission);
    else
        admission.lease_.clear();
    co_return true;
}

}  // namespace seance::litellm
