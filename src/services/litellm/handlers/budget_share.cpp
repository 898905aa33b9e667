#include "services/litellm/handlers/budget_share.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"

namespace seance::litellm {
namespace {

constexpr auto kInterval = std::chrono::seconds(1);

// For each key: what to add (USD), and how long a period that begins now lasts (ms; 0: for ever). Gives the
// sum and how much of the period is left: -1 for ever, -2 for one that has not begun.
constexpr const char* kScript = R"(
local out = {}
for i, key in ipairs(KEYS) do
  local more, length = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if tonumber(more) > 0 then
    local fresh = redis.call('EXISTS', key) == 0
    redis.call('INCRBYFLOAT', key, more)
    if fresh and length > 0 then redis.call('PEXPIRE', key, length) end
  end
  out[2 * i - 1] = redis.call('GET', key) or '0'
  out[2 * i] = redis.call('PTTL', key)
end
return out
)";

struct Purse {
    std::string name;
    SpendWindow* spend;
    const Budget* budget;
    double untold = 0;
};

// Another period is another key: what was spent in the one before says nothing about it.
std::string key_of(std::string_view kind, std::string_view id, const Budget& budget) {
    return fmt::format("routing:spend:{}:{}:{}", kind, budget.period ? budget.period->code() : "", id);
}

std::vector<Purse> purses_of(const Config& config) {
    std::vector<Purse> purses;
    for (auto& deployment : config.deployments)
        if (auto& budget = deployment->budget)
            purses.push_back(
                {key_of("deployment", deployment->id, *budget), &deployment->state->spend, &*budget});
    for (auto& [provider, budget] : config.routing.provider_budgets)
        purses.push_back({key_of("provider", provider, budget),
                          config.provider_spend.find(provider)->second.get(), &budget});
    return purses;
}

void learn(const Purse& purse, const valkey::Reply& sum, const valkey::Reply& left, Instant now) {
    auto total = std::strtod(sum.text.c_str(), nullptr);
    std::optional<Instant> end;
    if (left.integer >= 0) end = now + std::chrono::milliseconds(left.integer);
    if (left.integer == -2) end = now;  // over: what is spent next begins a period
    purse.spend->learn(total, end);
}

}  // namespace

Awaitable<void> tell_budgets(Gateway& gateway) {
    if (!gateway.ledger().store()) co_return;
    auto& store = *gateway.ledger().patient_store();
    auto models = gateway.models();  // keeps what the purses point to
    auto purses = purses_of(models->config());
    if (purses.empty()) co_return;
    std::vector<std::string> words{"EVAL", kScript, std::to_string(purses.size())};
    for (auto& purse : purses) words.push_back(store.key(purse.name));
    for (auto& purse : purses) {
        purse.untold = purse.spend->take_untold();
        words.push_back(fmt::format("{:.9f}", purse.untold));
        words.push_back(std::to_string(purse.budget->length(unix_ms()) / std::chrono::milliseconds(1)));
    }
    auto reply = co_await store.command(std::move(words));
    auto now = Clock::now();
    for (std::size_t i = 0; i < purses.size(); ++i) {
        // Where nobody knows whether it was carried out, it is told again: a budget is rather left too early.
        if (!reply || reply->list.size() != 2 * purses.size())
            purses[i].spend->put_back(purses[i].untold);
        else
            learn(purses[i], reply->list[2 * i], reply->list[2 * i + 1], now);
    }
}

Awaitable<void> share_budgets(Gateway& gateway, const bool& stopping) {
    while (!stopping && gateway.ledger().store()) {
        co_await tell_budgets(gateway);
        co_await sleep_for(kInterval);
    }
}

}  // namespace seance::litellm
