#pragma once
#include "services/litellm/routing/choice.hpp"

namespace seance::litellm {

// One of `among`, which holds at least two indexes of `options`, as the strategy says.
std::size_t pick(std::span<const Option> options, std::span<const std::size_t> among,
                 const RoutingQuestion& question, const RoutingSettings& settings, Instant now,
                 double random);

// A sample for latency-based routing: what a timeout counts as.
inline constexpr double kTimeoutLatency = 1000;

}  // namespace seance::litellm
