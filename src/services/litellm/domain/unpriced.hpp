#pragma once
#include <string>
#include <vector>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

struct Unpriced {
    std::string model;     // "openai/gpt-x"
    std::string sentence;  // to its owner
};

// The models that can be called and cost money nobody knows of: their calls count as free, whatever a budget
// says. Of wildcards that is known with a name alone, so the first call tells. `places`: of each deployment,
// such as "config.yaml:12: ".
std::vector<Unpriced> unpriced_models(const Config& config, const std::vector<std::string>& places);

// Runs on machines of one's own, so that a call costs nobody anything unless a price is set.
bool is_self_hosted(std::string_view provider);

}  // namespace seance::litellm
