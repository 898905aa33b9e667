#pragma once
#include <cstdint>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// Tokens of the longest answer that a model gives: model_info, then the price table; 4,096 if neither knows
// (reference, section 13.3).
std::uint64_t longest_answer(const Deployment& deployment, const Endpoint& endpoint, const Config& config);

}  // namespace seance::litellm
