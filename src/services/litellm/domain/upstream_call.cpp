#include "services/litellm/domain/upstream_call.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "net/http/parser.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kDefaultAzureVersion = "2024-10-21";

std::string variable(const config::Sources& environment, const char* name) {
    return first_set({name}, environment);
}

bool is_forwarded(std::string_view name) {
    auto word = lower(name);
    if (word == "anthropic-beta") return true;
    if (!word.starts_with("x-") || word.starts_with("x-stainless-") || word.starts_with("x-litellm-"))
        return false;
    // Keys that clients may send to us are not the upstream's business.
    return word != "x-api-key" && word != "x-goog-api-key" && word != "x-request-id" &&
           !word.starts_with("x-forwarded-");
}

}  // namespace

std::string upstream_url(const Endpoint& endpoint, const Deployment& deployment, std::string_view route,
                         const config::Sources& environment) {
    auto query_at = endpoint.base.find('?');
    auto query = query_at == std::string::npos ? std::string() : endpoint.base.substr(query_at);
    auto base = endpoint.base.substr(0, query_at);
    while (base.ends_with('/')) base.pop_back();
    if (endpoint.provider->wire == WireKind::AzureOpenAi && !base.ends_with("/openai/v1")) {
        if (base.find("/openai/deployments/") == std::string::npos)
            base += "/openai/deployments/" + http::percent_encode(endpoint.model);
        auto version = deployment.api_version.empty() ? variable(environment, "AZURE_API_VERSION")
                                                      : deployment.api_version;
        if (query.find("api-version=") == std::string::npos)
            query += (query.empty() ? "?api-version=" : "&api-version=") +
                     http::percent_encode(version.empty() ? kDefaultAzureVersion : version);
    }
    if (!base.ends_with(route)) base += route;
    return base + query;
}

Outcome<UpstreamCall> make_upstream_call(const Endpoint& endpoint, const Deployment& deployment,
                                         const Config& config, std::string_view route, std::string body,
                                         bool stream, const http::FieldViews* client) {
    auto text = upstream_url(endpoint, deployment, route, config.environment);
    auto url = http::parse_url(text);
    if (!url)
        return Problem{fmt::format("api_base \"{}\" of model {} is no http or https address",
                                   endpoint.base.substr(0, endpoint.base.find('?')), deployment.model_name)};
    UpstreamCall call{*url, {}};
    auto& fields = call.request.fields;
    call.request.method = "POST";
    call.request.target = call.url.target;
    call.request.body = std::move(body);
    auto& key = endpoint.key.reveal();
    if (!http::is_field_value(key))
        return Problem{fmt::format("the API key of model {} holds characters that no header can carry",
                                   deployment.model_name)};
    if (endpoint.provider->wire == WireKind::AzureOpenAi)
        fields.set("api-key", key);
    else if (!key.empty())
        fields.set("Authorization", "Bearer " + key);
    fields.set("Content-Type", "application/json");
    fields.set("Accept", stream ? "text/event-stream" : "application/json");
    if (!deployment.organization.empty()) fields.set("OpenAI-Organization", deployment.organization);
    if (endpoint.provider->prefix == "openrouter") {
        if (auto site = variable(config.environment, "OR_SITE_URL"); !site.empty())
            fields.set("HTTP-Referer", site);
        if (auto name = variable(config.environment, "OR_APP_NAME"); !name.empty())
            fields.set("X-Title", name);
    }
    if (client && config.forward_organization && deployment.organization.empty())
        if (auto organization = client->find("OpenAI-Organization"))
            fields.set("OpenAI-Organization", *organization);
    if (client && config.forward_client_headers)
        for (auto& field : client->all())
            if (is_forwarded(field.name) && !iequals(field.name, config.key_header))
                fields.set(field.name, field.value);
    for (auto& [name, value] : deployment.headers) fields.set(name, value);
    return call;
}

}  // namespace seance::litellm
