#include "services/litellm/domain/unpriced.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/domain/price_table.hpp"

namespace seance::litellm {

bool is_self_hosted(std::string_view provider) {
    for (std::string_view own : {"ollama", "ollama_chat", "hosted_vllm", "lm_studio", "llamafile"})
        if (provider == own) return true;
    return false;
}

std::vector<Unpriced> unpriced_models(const Config& config, const std::vector<std::string>& places) {
    std::vector<Unpriced> found;
    PriceBook prices(config, config.ledger_prices);
    for (std::size_t i = 0; i < config.deployments.size(); ++i) {
        auto& deployment = config.deployments[i];
        if (deployment->mock_response || deployment->is_wildcard() || is_pattern(deployment->litellm_model))
            continue;
        // What cannot be called costs nothing, and is told by itself.
        auto endpoint = find_endpoint(*deployment, deployment->litellm_model, config.environment);
        if (!endpoint) continue;
        auto provider = endpoint->provider->prefix;
        // OpenRouter says in each answer what it cost.
        if (is_self_hosted(provider) || provider == "openrouter") continue;
        if (prices.find(*deployment, provider, endpoint->model)) continue;
        auto sentence = fmt::format(
            "{}no price is known of model {} ({}): its calls cost 0, and no budget holds them. Set "
            "input_cost_per_token and output_cost_per_token in its litellm_params, to 0 if it is free",
            i < places.size() ? places[i] : "", deployment->model_name, deployment->litellm_model);
        if (found.empty() || found.back().sentence != sentence)
            found.push_back({fmt::format("{}/{}", provider, endpoint->model), std::move(sentence)});
    }
    return found;
}

}  // namespace seance::litellm
