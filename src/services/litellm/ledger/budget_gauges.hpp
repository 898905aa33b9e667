#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "services/litellm/domain/admission_plan.hpp"

namespace seance::litellm {

// LiteLLM's gauges of the budgets of keys and teams: what was last known of each, whichever loop has seen it.
// Admissions say what Valkey has, calls that end what they cost on top, and changes what they set.
class BudgetGauges {
  public:
    static constexpr std::size_t kMostSeries = 1000;  // budgets after those are not shown

    struct Budget {
        bool team = false;  // else of a key
        std::string id, alias;
        NanoUsd limit = 0, spent = 0;
        std::optional<UnixMs> begins_anew;
    };
    // `purse`: of the key or team, as in Entity. What follows is about budgets that have been seen.
    void see(const std::string& purse, Budget budget);
    void charge(const std::string& purse, NanoUsd cost);
    void set_spent(const std::string& purse, NanoUsd spent);
    void set_begins_anew(const std::string& purse, std::optional<UnixMs> when);
    void change(const Entity& record, UnixMs now);
    void forget(const std::string& purse);

    std::string render(UnixMs now) const;  // Prometheus text

  private:
    mutable std::mutex mutex_;  // held for a look-up, and while it renders
    std::map<std::string, Budget> budgets_;
};

BudgetGauges& budget_gauges();  // of this process

// What an admission has seen of a purse, if there is a gauge of it. `begins_anew`: 0 = never.
void show_budget(const Caller& caller, const PurseUse& purse, NanoUsd spent, UnixMs begins_anew);

}  // namespace seance::litellm
