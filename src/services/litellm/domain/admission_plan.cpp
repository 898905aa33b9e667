#include "services/litellm/domain/admission_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace seance::litellm {
namespace {

constexpr std::string_view kMasterName = "litellm_proxy_master_key";

class Planner {
  public:
    Planner(const LedgerConfig& config, std::string_view model, bool free, UnixMs now)
        : config_(config), model_(model), free_(free), now_(now) {}

    void add(const EntityPtr& entity, std::string_view kind, std::string_view who,
             std::optional<NanoUsd> default_budget, const std::string& default_period) {
        if (!entity) return;
        auto& limits = entity->limits;
        PurseUse purse{entity->purse,  limits.budget_at(now_), limits.parallel,
                       entity->period, std::string(kind),      std::string(who)};
        if (!purse.limit) purse.limit = default_budget;
        if (purse.period.empty() && purse.limit) purse.period = default_period;
        if (kind == "api_key" && !purse.parallel) purse.parallel = config_.key_parallel;
        add(std::move(purse));
        add_window(entity->purse, limits.rpm, true, kind, who);
        add_window(entity->purse, limits.tpm, false, kind, who);
    }

    void add(PurseUse purse) {
        if (free_) purse.limit.reset();
        plan.purses.push_back(std::move(purse));
    }

    // Rates of whoever's money it is not.
    void add_rates(const Entity& entity, std::string_view kind, std::string_view who) {
        plan.purses.push_back(
            {entity.purse, {}, entity.limits.parallel, entity.period, std::string(kind), std::string(who)});
        add_window(entity.purse, entity.limits.rpm, true, kind, who);
        add_window(entity.purse, entity.limits.tpm, false, kind, who);
    }

    // What a key or a team may take of the model. `kind`: "model_per_key".
    void add_model(const Entity& key, std::string_view kind, std::string_view who) {
        auto budget = key.model_budgets.find(model_);
        if (budget != key.model_budgets.end()) {
            auto& one = budget->second;
            PurseUse purse{fmt::format("{}:{}", key.purse, model_), one.limit,         std::nullopt,
                           one.period ? one.period->code() : "",    std::string(kind), std::string(who)};
            add(std::move(purse));
        }
        auto id = fmt::format("{}:{}", key.purse, model_);
        if (auto found = key.model_rpm.find(model_); found != key.model_rpm.end())
            add_window(id, found->second, true, kind, who);
        if (auto found = key.model_tpm.find(model_); found != key.model_tpm.end())
            add_window(id, found->second, false, kind, who);
    }

    AdmissionPlan plan;

  private:
    void add_window(const std::string& purse, std::optional<std::int64_t> limit, bool requests,
                    std::string_view kind, std::string_view who) {
        if (!limit) return;
        plan.windows.push_back({fmt::format("{}:{}", purse, requests ? "rpm" : "tpm"), *limit, requests,
                                std::string(kind), std::string(who)});
    }

    const LedgerConfig& config_;
    std::string_view model_;
    bool free_;
    UnixMs now_;
};

PurseUse team_member(const Entity& team, const std::string& user) {
    PurseUse purse{
        fmt::format("{}:{}", team.purse, user), std::nullopt, std::nullopt, team.period, "team_member", user};
    if (auto budgets = team.json.if_contains("member_budgets"); budgets && budgets->is_object())
        purse.limit = usd_of(budgets->get_object(), user);
    return purse;
}

}  // namespace

std::string_view Caller::name() const {
    if (kind == Kind::Master) return kMasterName;
    if (kind == Kind::Unchecked) return "unchecked";
    return key ? std::string_view(key->id) : std::string_view{};
}

std::string_view Caller::alias() const {
    if (kind == Kind::Master) return kMasterName;
    return key ? std::string_view(key->alias) : std::string_view{};
}

std::vector<std::string> Caller::tags() const {
    std::vector<std::string> all;
    auto add = [&](const std::vector<std::string>& tags) {
        for (auto& tag : tags)
            if (std::find(all.begin(), all.end(), tag) == all.end()) all.push_back(tag);
    };
    for (auto& entity : {key, team})
        if (entity) add(entity->tags);
    return all;
}

bool AdmissionPlan::has_budget() const {
    return std::any_of(purses.begin(), purses.end(), [](auto& purse) { return purse.limit.has_value(); });
}

bool AdmissionPlan::limited() const {
    return !windows.empty() ||
           std::any_of(purses.begin(), purses.end(), [](auto& purse) { return purse.limited(); });
}

AdmissionPlan plan_admission(const Caller& caller, const LedgerConfig& config, std::string_view model,
                             bool free, UnixMs now) {
    Planner planner(config, model, free, now);
    if (caller.kind == Caller::Kind::Key) {
        auto who = text_of(caller.key->json, "key_name").value_or("");
        // A key of a team spends the team's money, not its user's.
        if (!caller.team && caller.user)
            planner.add(caller.user, "user", caller.user->id, config.user_budget, config.user_period);
        else if (caller.user)
            planner.add_rates(*caller.user, "user", caller.user->id);
        if (caller.team && !caller.key->user_id.empty())
            planner.add(team_member(*caller.team, caller.key->user_id));
        planner.add(caller.team, "team", caller.team ? caller.team->id : "", std::nullopt, "");
        if (caller.team) planner.add_model(*caller.team, "model_per_team", caller.team->id);
        planner.add(caller.key, "api_key", who, std::nullopt, "");
        planner.add_model(*caller.key, "model_per_key", who);
        planner.add(caller.customer, "end_user", caller.customer ? caller.customer->id : "",
                    config.customer_budget, "");
    }
    if (caller.kind == Caller::Kind::Key && !caller.customer && !caller.end_user.empty() &&
        config.customer_budget)
        planner.add(PurseUse{"enduser:" + caller.end_user, config.customer_budget, std::nullopt, "",
                             "end_user", caller.end_user});
    PurseUse whole{"global", std::nullopt, std::nullopt, config.proxy_period, "proxy", "the whole proxy"};
    // The master key passes every limit.
    if (caller.kind == Caller::Kind::Key) {
        whole.limit = config.proxy_budget;
        whole.parallel = config.global_parallel;
    }
    planner.add(std::move(whole));
    return std::move(planner.plan);
}

ApiError budget_exceeded(const PurseUse& purse, NanoUsd spent, NanoUsd reserved, int status) {
    auto message = fmt::format("Budget has been exceeded! {}={} Current cost: {}, Max budget: {}",
                               purse.entity, purse.who, print_usd(spent), print_usd(*purse.limit));
    // There is money left: the call was refused for those beside it, which give back what they do not use.
    if (spent < *purse.limit)
        message += fmt::format(
            ". Calls under way have reserved {} on top of that, the most that they may cost: wait until they "
            "end, or set max_tokens, which makes the reservation of a call smaller",
            print_usd(reserved));
    return {.status = status, .message = std::move(message), .type = "budget_exceeded"};
}

ApiError window_full(const WindowUse& window, std::int64_t count, UnixMs ends, UnixMs now) {
    auto wait = std::max<UnixMs>(ends - now, 1);
    return {.status = 429,
            .message =
                fmt::format("Rate limit exceeded for {}: {}. Limit type: {}. Current limit: {}, Remaining: "
                            "{}. Limit resets at: {}",
                            window.entity, window.who, window.requests ? "requests" : "tokens", window.limit,
                            std::max<std::int64_t>(window.limit - count, 0), print_time(ends)),
            .type = "throttling_error",
            .retry_after = std::chrono::milliseconds(wait)};
}

ApiError too_many_parallel(const PurseUse& purse, std::int64_t open) {
    return {.status = 429,
            .message = fmt::format(
                "Rate limit exceeded for {}: {}. Limit type: max_parallel_requests. Current limit: "
                "{}, Remaining: {}. Limit resets at: the end of a call under way",
                purse.entity, purse.who, *purse.parallel, std::max<std::int64_t>(*purse.parallel - open, 0)),
            .type = "throttling_error",
            .retry_after = std::chrono::seconds(1)};
}

}  // namespace seance::litellm
