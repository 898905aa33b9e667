#include "services/litellm/domain/deployment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/http/client.hpp"
#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/domain/wire.hpp"
#include "services/litellm/domain/wires/bedrock_wire.hpp"

namespace seance::litellm {

bool Deployment::is_wildcard() const {
    return is_pattern(model_name);
}

Outcome<Endpoint> find_endpoint(const Deployment& deployment, std::string_view model,
                                const config::Sources& environment, const Overrides& overrides) {
    bool mocked = overrides.mocked || deployment.mock_response.has_value();
    auto choice = choose_provider(model, deployment.forced_provider, deployment.api_base, environment);
    if (!choice.provider && mocked) choice.provider = find_provider("openai");
    if (!choice.provider)
        return Problem{
            fmt::format("LLM Provider NOT provided. Pass in the LLM provider you are trying to call. You "
                        "passed model={}. "
                        "Write it as <provider>/<model>, for example openai/{}",
                        model, model)};
    auto& provider = *choice.provider;
    Endpoint endpoint{choice.provider,    choice.model, deployment.api_base,
                      deployment.api_key, {},           deployment.link};
    if (!overrides.base.empty()) endpoint.base = overrides.base;
    if (!overrides.key.empty()) endpoint.key = SecretText(overrides.key);
    if (mocked) return endpoint;
    if (!has_wire(provider))
        return Problem{
            fmt::format("the provider \"{}\" is known, but its own format is not supported yet; reach it "
                        "through an address of OpenAI's format as openai/<model> with api_base",
                        provider.prefix)};
    if (provider.wire == WireKind::Bedrock) {
        if (auto complete = complete_bedrock(endpoint, deployment, environment); !complete)
            return complete.error();
        return endpoint;
    }
    if (endpoint.base.empty()) endpoint.base = first_set(provider.base_env, environment);
    if (endpoint.base.empty()) endpoint.base = provider.base;
    if (endpoint.base.empty())
        return Problem{fmt::format(
            "the provider \"{}\" needs an address: set litellm_params.api_base{}", provider.prefix,
            provider.base_env.empty() ? "" : fmt::format(" or the variable {}", provider.base_env.front()))};
    while (endpoint.base.ends_with('/')) endpoint.base.pop_back();
    if (!http::parse_url(endpoint.base))
        return Problem{fmt::format("the address \"{}\" is no http or https address",
                                   endpoint.base.substr(0, endpoint.base.find('?')))};
    if (endpoint.key.empty()) endpoint.key = SecretText(first_set(provider.key_env, environment));
    if (endpoint.key.empty() && provider.needs_key && deployment.wire.azure_token.empty()) {
        auto variables = fmt::format("{}", fmt::join(provider.key_env, " or "));
        if (!deployment.missing_key_variable.empty()) variables = deployment.missing_key_variable;
        return Problem{fmt::format("no API key: set the variable {}", variables)};
    }
    return endpoint;
}

}  // namespace seance::litellm
