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

std::string append_path(std::string_view base, std::string_view path) {
    auto query_at = base.find('?');
    auto query = query_at == std::string_view::npos ? std::string_view{} : base.substr(query_at);
    base = base.substr(0, query_at);
    while (base.ends_with('/')) base.remove_suffix(1);
    return fmt::format("{}{}{}", base, base.ends_with(path) ? std::string_view{} : path, query);
}

const SharedLink& link_of(const Endpoint& endpoint, const Config& config) {
    return endpoint.link ? endpoint.link : config.link;
}

Outcome<UpstreamCall> make_http_call(const std::string& text, const Endpoint& endpoint,
                                     const Deployment& deployment, const Config& config, std::string body,
                                     std::string_view accept, const Headers& own,
                                     const http::FieldViews* client) {
    auto url = http::parse_url(text);
    if (!url)
        return Problem{fmt::format("api_base \"{}\" of model {} is no http or https address",
                                   endpoint.base.substr(0, endpoint.base.find('?')), deployment.model_name)};
    UpstreamCall call{*url, {}, link_of(endpoint, config)};
    auto& fields = call.request.fields;
    call.request.method = "POST";
    call.request.target = call.url.target;
    call.request.body = std::move(body);
    fields.set("Content-Type", "application/json");
    fields.set("Accept", accept);
    for (auto& [name, value] : own) {
        if (!http::is_field_value(value))
            return Problem{fmt::format("the API key of model {} holds characters that no header can carry",
                                       deployment.model_name)};
        fields.set(name, value);
    }
    if (client && config.forward_client_headers)
        for (auto& field : client->all())
            if (is_forwarded(field.name) && !iequals(field.name, config.key_header) &&
                !(iequals(field.name, "anthropic-beta") && fields.find("anthropic-beta")))
                fields.set(field.name, field.value);
    for (auto& [name, value] : deployment.headers) fields.set(name, value);
    return call;
}

Outcome<UpstreamCall> make_upstream_call(const Endpoint& endpoint, const Deployment& deployment,
                                         const Config& config, std::string_view route, std::string body,
                                         bool stream, const http::FieldViews* client) {
    auto& key = endpoint.key.reveal();
    Headers own;
    if (endpoint.provider->wire != WireKind::AzureOpenAi) {
        if (!key.empty()) own.emplace_back("Authorization", "Bearer " + key);
    } else if (!deployment.wire.azure_token.empty()) {
        own.emplace_back("Authorization", "Bearer " + deployment.wire.azure_token.reveal());
    } else {
        own.emplace_back("api-key", key);
    }
    if (!deployment.organization.empty())
        own.emplace_back("OpenAI-Organization", deployment.organization);
    else if (client && config.forward_organization)
        if (auto organization = client->find("OpenAI-Organization"))
            own.emplace_back("OpenAI-Organization", *organization);
    if (endpoint.provider->prefix == "openrouter") {
        if (auto site = variable(config.environment, "OR_SITE_URL"); !site.empty())
            own.emplace_back("HTTP-Referer", site);
        if (auto name = variable(config.environment, "OR_APP_NAME"); !name.empty())
            own.emplace_back("X-Title", name);
    }
    return make_http_call(upstream_url(endpoint, deployment, route, config.environment), endpoint, deployment,
                          config, std::move(body), stream ? "text/event-stream" : "application/json", own,
                          client);
}

}  // namespace seance::litellm
