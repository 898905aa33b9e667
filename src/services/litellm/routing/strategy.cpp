#include "services/litellm/routing/strategy.hpp"

#include <algorithm>
#include <limits>

namespace seance::litellm {
namespace {

using Indexes = std::span<const std::size_t>;

std::size_t uniform(Indexes among, double random) {
    auto at = static_cast<std::size_t>(random * static_cast<double>(among.size()));
    return among[std::min(among.size() - 1, at)];
}

std::size_t shuffle(std::span<const Option> options, Indexes among, double random) {
    for (auto key : {&Deployment::weight, &Deployment::rpm, &Deployment::tpm}) {
        auto weight = [&](std::size_t i) {
            return std::max(0.0, ((*options[i].deployment).*key).value_or(0));
        };
        double sum = 0;
        bool any = false;
        for (auto i : among) {
            any = any || ((*options[i].deployment).*key).has_value();
            sum += weight(i);
        }
        if (!any) continue;
        if (sum <= 0) break;
        double left = random * sum;
        for (auto i : among) {
            left -= weight(i);
            if (left < 0) return i;
        }
        break;
    }
    return uniform(among, random);
}

// Uniform among those whose value is at most the lowest, by a fraction more.
template <class Value>
std::size_t lowest(std::span<const Option> options, Indexes among, double random, double buffer,
                   Value&& value) {
    auto best = std::numeric_limits<double>::max();
    std::vector<double> values;
    for (auto i : among) {
        values.push_back(value(options[i]));
        best = std::min(best, values.back());
    }
    std::vector<std::size_t> near;
    for (std::size_t k = 0; k < among.size(); ++k)
        if (values[k] <= best * (1 + buffer)) near.push_back(among[k]);
    return uniform(near, random);
}

}  // namespace

std::size_t pick(std::span<const Option> options, std::span<const std::size_t> among,
                 const RoutingQuestion& question, const RoutingSettings& settings, Instant now,
                 double random) {
    switch (settings.strategy) {
        case Strategy::SimpleShuffle:
            return shuffle(options, among, random);
        case Strategy::LeastBusy:
            return lowest(options, among, random, 0, [](const Option& option) {
                return static_cast<double>(
                    option.deployment->state->in_flight.load(std::memory_order_relaxed));
            });
        case Strategy::UsageBased:
        case Strategy::UsageBasedV2: {
            auto minute = minute_of(now);
            return lowest(options, among, random, 0, [&](const Option& option) {
                return static_cast<double>(option.deployment->state->tokens_in(minute));
            });
        }
        case Strategy::LatencyBased:
            // Unused ones count 0, so that they are tried.
            return lowest(options, among, random, settings.lowest_latency_buffer, [&](const Option& option) {
                auto& state = *option.deployment->state;
                if (question.stream)
                    if (auto mean = state.first_token.mean(now, settings.latency_ttl)) return *mean;
                return state.latency.mean(now, settings.latency_ttl).value_or(0);
            });
        case Strategy::CostBased:
            return lowest(options, among, random, 0, [](const Option& option) {
                return option.price.value_or(std::numeric_limits<double>::max());
            });
    }
    return uniform(among, random);
}

}  // namespace seance::litellm
