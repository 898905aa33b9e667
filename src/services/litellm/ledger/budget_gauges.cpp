#include "services/litellm/ledger/budget_gauges.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/litellm/ledger/spend_metrics.hpp"

namespace seance::litellm {

BudgetGauges& budget_gauges() {
    static BudgetGauges instance;
    return instance;
}

void BudgetGauges::see(const std::string& purse, Budget budget) {
    std::lock_guard lock(mutex_);
    if (budgets_.size() >= kMostSeries && !budgets_.contains(purse)) return;
    budgets_.insert_or_assign(purse, std::move(budget));
}

void BudgetGauges::charge(const std::string& purse, NanoUsd cost) {
    std::lock_guard lock(mutex_);
    if (auto known = budgets_.find(purse); known != budgets_.end()) known->second.spent += cost;
}

void BudgetGauges::set_spent(const std::string& purse, NanoUsd spent) {
    std::lock_guard lock(mutex_);
    if (auto known = budgets_.find(purse); known != budgets_.end()) known->second.spent = spent;
}

void BudgetGauges::set_begins_anew(const std::string& purse, std::optional<UnixMs> when) {
    std::lock_guard lock(mutex_);
    if (auto known = budgets_.find(purse); known != budgets_.end()) known->second.begins_anew = when;
}

void BudgetGauges::change(const Entity& record, UnixMs now) {
    std::lock_guard lock(mutex_);
    auto known = budgets_.find(record.purse);
    if (known == budgets_.end()) return;
    auto& budget = known->second;
    budget.id = record.id;
    budget.alias = record.alias;
    if (auto limit = record.limits.budget_at(now))
        budget.limit = *limit;
    else if (record.budget_id.empty())  // else the next call tells what that budget says
        budgets_.erase(known);
}

void BudgetGauges::forget(const std::string& purse) {
    std::lock_guard lock(mutex_);
    budgets_.erase(purse);
}

void show_budget(const Caller& caller, const PurseUse& purse, NanoUsd spent, UnixMs begins_anew) {
    bool team = purse.entity == "team";
    if (!purse.limit || (!team && purse.entity != "api_key")) return;
    auto& record = team ? caller.team : caller.key;
    budget_gauges().see(purse.id, {team, record->id, record->alias, *purse.limit, spent,
                                   begins_anew > 0 ? std::optional(begins_anew) : std::nullopt});
}

std::string BudgetGauges::render(UnixMs now) const {
    std::lock_guard lock(mutex_);
    std::string out;
    auto gauges = [&](bool team, std::string_view name, std::string_view help, auto value) {
        std::string lines;
        for (auto& [purse, budget] : budgets_) {
            std::string text = budget.team == team ? value(budget) : std::string();
            if (text.empty()) continue;
            auto [id, alias] =
                team ? std::pair("team", "team_alias") : std::pair("hashed_api_key", "api_key_alias");
            lines += fmt::format("{}{{{}=\"{}\",{}=\"{}\"}} {}\n", name, id, metric_label(budget.id), alias,
                                 metric_label(budget.alias), text);
        }
        if (!lines.empty()) out += fmt::format("# HELP {} {}\n# TYPE {} gauge\n{}", name, help, name, lines);
    };
    // A reset that is due happens with the next call; it shows at once.
    auto left = [now](auto& budget) {
        bool anew = budget.begins_anew && *budget.begins_anew <= now;
        return print_usd(std::max<NanoUsd>(budget.limit - (anew ? 0 : budget.spent), 0));
    };
    auto limit = [](auto& budget) { return print_usd(budget.limit); };
    auto hours = [now](auto& budget) {
        if (!budget.begins_anew) return std::string();
        return fmt::format("{}",
                           static_cast<double>(std::max<UnixMs>(*budget.begins_anew - now, 0)) / 3'600'000.0);
    };
    gauges(false, "litellm_remaining_api_key_budget_metric", "USD left of a key's budget", left);
    gauges(false, "litellm_api_key_max_budget_metric", "USD of a key's budget", limit);
    gauges(false, "litellm_api_key_budget_remaining_hours_metric", "Hours until a key's budget begins anew",
           hours);
    gauges(true, "litellm_remaining_team_budget_metric", "USD left of a team's budget", left);
    gauges(true, "litellm_team_max_budget_metric", "USD of a team's budget", limit);
    gauges(true, "litellm_team_budget_remaining_hours_metric", "Hours until a team's budget begins anew",
           hours);
    return out;
}

}  // namespace seance::litellm
