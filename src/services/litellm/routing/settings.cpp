#include "services/litellm/routing/settings.hpp"

#include <algorithm>

namespace seance::litellm {
namespace {

constexpr std::pair<std::string_view, Strategy> kStrategies[] = {
    {"simple-shuffle", Strategy::SimpleShuffle},       {"least-busy", Strategy::LeastBusy},
    {"usage-based-routing", Strategy::UsageBased},     {"usage-based-routing-v2", Strategy::UsageBasedV2},
    {"latency-based-routing", Strategy::LatencyBased}, {"cost-based-routing", Strategy::CostBased}};

}  // namespace

std::optional<Strategy> parse_strategy(std::string_view name) {
    for (auto& [text, strategy] : kStrategies)
        if (text == name) return strategy;
    return std::nullopt;
}

std::string_view strategy_name(Strategy strategy) {
    for (auto& [text, value] : kStrategies)
        if (value == strategy) return text;
    return "simple-shuffle";
}

std::optional<int> ClassNumbers::find(ErrorClass kind) const {
    auto found = numbers.find(kind);
    return found == numbers.end() ? std::nullopt : std::optional<int>(found->second);
}

Duration Budget::length(UnixMs now) const {
    return period ? std::chrono::milliseconds(next_reset(*period, now, now) - now) : Duration{0};
}

void FallbackTable::add(std::string group, std::vector<std::string> targets) {
    auto same = [&](auto& entry) { return entry.first == group; };
    if (std::any_of(lists_.begin(), lists_.end(), same)) return;  // the first counts
    lists_.emplace_back(std::move(group), std::move(targets));
}

const std::vector<std::string>* FallbackTable::find_own(std::string_view group) const {
    for (auto& [name, targets] : lists_)
        if (name == group) return &targets;
    return nullptr;
}

const std::vector<std::string>* FallbackTable::find(std::string_view group) const {
    const std::vector<std::string>* any = nullptr;
    for (auto& [name, targets] : lists_) {
        if (name == group) return &targets;
        if (name == "*") any = &targets;
    }
    return any;
}

}  // namespace seance::litellm
