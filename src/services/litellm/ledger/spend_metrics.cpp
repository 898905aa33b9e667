#include "services/litellm/ledger/spend_metrics.hpp"

#include <fmt/format.h>

#include <set>

namespace seance::litellm {
namespace {

struct All {
    std::mutex mutex;
    std::set<SpendMetrics*> loops;
};
All& all() {
    static All instance;
    return instance;
}

std::string label(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

SpendMetrics::SpendMetrics() {
    std::lock_guard lock(all().mutex);
    all().loops.insert(this);
}

SpendMetrics::~SpendMetrics() {
    std::lock_guard lock(all().mutex);
    all().loops.erase(this);
}

void SpendMetrics::note(const Labels& labels, NanoUsd cost, const Usage& usage) {
    std::lock_guard lock(mutex_);
    bool room = sums_.size() < kMostSeries || sums_.contains(labels);
    auto& sums = sums_[room ? labels : Labels{"other", "", "", "", "", "", ""}];
    sums.spend += cost;
    sums.input += usage.prompt;
    sums.output += usage.completion;
}

void SpendMetrics::note_remaining(bool team, const std::string& id, const std::string& model,
                                  Remaining remaining) {
    std::lock_guard lock(mutex_);
    auto key = std::tuple(team, id, model);
    if (remaining_.size() >= kMostSeries && !remaining_.contains(key)) return;
    remaining_[key] = std::move(remaining);
}

std::string SpendMetrics::render() {
    std::map<Labels, Sums> sums;
    std::map<std::tuple<bool, std::string, std::string>, Remaining> remaining;
    {
        std::lock_guard lock(all().mutex);
        for (auto* loop : all().loops) {
            std::lock_guard own(loop->mutex_);
            for (auto& [labels, one] : loop->sums_) {
                auto& sum = sums[labels];
                sum.spend += one.spend;
                sum.input += one.input;
                sum.output += one.output;
            }
            for (auto& [key, one] : loop->remaining_) {
                auto& least = remaining[key];
                if (!least.budget_left || one.budget_left < least.budget_left || one.requests_left)
                    least = one;
            }
        }
    }
    std::string out;
    auto counters = [&](std::string_view name, std::string_view help, auto value) {
        head(out, name, help, "counter");
        for (auto& [l, sum] : sums)
            out += fmt::format(
                "{}{{end_user=\"\",hashed_api_key=\"{}\",api_key_alias=\"{}\",requested_model=\"{}\",model="
                "\"{}\","
                "model_id=\"{}\",team=\"{}\",user=\"{}\"}} {}\n",
                name, label(l.key), label(l.alias), label(l.requested_model), label(l.model),
                label(l.model_id), label(l.team), label(l.user), value(sum));
    };
    counters("litellm_spend_metric_total", "Spend in USD", [](auto& sum) { return print_usd(sum.spend); });
    counters("litellm_total_tokens_metric_total", "Tokens", [](auto& sum) { return sum.input + sum.output; });
    counters("litellm_input_tokens_metric_total", "Prompt tokens", [](auto& sum) { return sum.input; });
    counters("litellm_output_tokens_metric_total", "Completion tokens", [](auto& sum) { return sum.output; });
    auto gauges = [&](std::string_view name, std::string_view help, bool team, bool by_model, auto value) {
        std::string lines;
        for (auto& [key, one] : remaining) {
            auto& [is_team, id, model] = key;
            if (is_team != team) continue;
            std::string text = value(one);
            if (text.empty()) continue;
            auto labels =
                team ? fmt::format("team=\"{}\",team_alias=\"{}\"", label(id), label(one.alias))
                     : fmt::format("hashed_api_key=\"{}\",api_key_alias=\"{}\"", label(id), label(one.alias));
            if (by_model) labels += fmt::format(",model=\"{}\"", label(model));
            if (by_model || model.empty()) lines += fmt::format("{}{{{}}} {}\n", name, labels, text);
        }
        if (lines.empty()) return;
        head(out, name, help, "gauge");
        out += lines;
    };
    auto usd = [](const std::optional<NanoUsd>& amount) {
        return amount ? print_usd(*amount) : std::string();
    };
    auto number = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string(); };
    gauges("litellm_remaining_api_key_budget_metric", "USD left of a key's budget", false, false,
           [&](auto& one) { return usd(one.budget_left); });
    gauges("litellm_api_key_max_budget_metric", "USD of a key's budget", false, false,
           [&](auto& one) { return usd(one.budget); });
    gauges("litellm_api_key_budget_remaining_hours_metric", "Hours until a key's budget begins anew", false,
           false, [&](auto& one) { return number(one.hours_left); });
    gauges("litellm_remaining_team_budget_metric", "USD left of a team's budget", true, false,
           [&](auto& one) { return usd(one.budget_left); });
    gauges("litellm_team_max_budget_metric", "USD of a team's budget", true, false,
           [&](auto& one) { return usd(one.budget); });
    gauges("litellm_team_budget_remaining_hours_metric", "Hours until a team's budget begins anew", true,
           false, [&](auto& one) { return number(one.hours_left); });
    gauges("litellm_remaining_requests_metric", "Requests left in a key's window", false, true,
           [&](auto& one) { return number(one.requests_left); });
    gauges("litellm_remaining_tokens_metric", "Tokens left in a key's window", false, true,
           [&](auto& one) { return number(one.tokens_left); });
    return out;
}

}  // namespace seance::litellm
