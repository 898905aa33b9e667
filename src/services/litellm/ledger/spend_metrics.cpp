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

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

std::string metric_label(std::string_view text) {
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

std::string SpendMetrics::render() {
    std::map<Labels, Sums> sums;
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
                name, metric_label(l.key), metric_label(l.alias), metric_label(l.requested_model),
                metric_label(l.model), metric_label(l.model_id), metric_label(l.team), metric_label(l.user),
                value(sum));
    };
    counters("litellm_spend_metric_total", "Spend in USD", [](auto& sum) { return print_usd(sum.spend); });
    counters("litellm_total_tokens_metric_total", "Tokens", [](auto& sum) { return sum.input + sum.output; });
    counters("litellm_input_tokens_metric_total", "Prompt tokens", [](auto& sum) { return sum.input; });
    counters("litellm_output_tokens_metric_total", "Completion tokens", [](auto& sum) { return sum.output; });
    return out;
}

}  // namespace seance::litellm
