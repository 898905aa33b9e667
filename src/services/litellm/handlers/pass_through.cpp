#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/pass_through.hpp"
#include "services/litellm/domain/upstream_call.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/raw_relay.hpp"

// /openai/…, /anthropic/… and their like: a provider's own API with the gateway's key. Nothing is translated
// and what it costs is not known, so it is for the master key alone. Then endpoints of the configuration.
namespace seance::litellm {
namespace {

// Of the client's request these go on; never its key.
constexpr std::string_view kForwarded[] = {"content-type", "accept"};

bool is_forwarded(std::string_view name) {
    auto word = lower(name);
    return word.starts_with("anthropic-") || word.starts_with("openai-") ||
           std::find(std::begin(kForwarded), std::end(kForwarded), word) != std::end(kForwarded);
}

Headers authorization(const Endpoint& endpoint) {
    auto& key = endpoint.key.reveal();
    if (key.empty()) return {};
    switch (endpoint.provider->wire) {
        case WireKind::Anthropic:
            return {{"x-api-key", key}};
        case WireKind::Gemini:
            return {{"x-goog-api-key", key}};
        case WireKind::AzureOpenAi:
            return {{"api-key", key}};
        default:
            return {{"Authorization", "Bearer " + key}};
    }
}

// The address below the provider's base; a version that both name is not said twice. The client's own key is
// no part of it.
std::string address(const Endpoint& endpoint, std::string_view rest, std::string_view query) {
    std::string_view base = endpoint.base;
    for (std::string_view version : {"/v1", "/v1beta"})
        if (base.ends_with(version) && rest.starts_with(version) &&
            rest.substr(version.size()).starts_with('/'))
            base.remove_suffix(version.size());
    std::string kept;
    for (auto part : split(query, '&'))
        if (!part.empty() && !part.starts_with("key="))
            kept += (kept.empty() ? "?" : "&") + std::string(part);
    return fmt::format("{}{}{}", base, rest, kept);
}

// The provider with a deployment's address and key, if one has them (one with use_in_pass_through first),
// else the environment's.
Outcome<Endpoint> find_provider_endpoint(const Config& config, const Provider& provider) {
    for (bool marked : {true, false})
        for (auto& deployment : config.deployments) {
            if (deployment->for_pass_through != marked) continue;
            auto choice = choose_provider(deployment->litellm_model, deployment->forced_provider,
                                          deployment->api_base, config.environment);
            if (choice.provider != &provider || deployment->mock_response) continue;
            if (auto endpoint = find_endpoint(*deployment, deployment->litellm_model, config.environment))
                return endpoint;
        }
    return find_endpoint({}, fmt::format("{}/any", provider.prefix), config.environment);
}

bool holds_master_key(const Config& config, const http::RequestHead& head) {
    if (config.master_key.empty()) return config.master_key_problem.empty();
    auto key = find_key(head, config.key_header);
    return key && config.master_key == SecretText(*key);
}

// Whether the key of a request is the gateway's business, and no other server's: where no key is needed, a
// client may send one that is meant for the target. In doubt it is ours.
Awaitable<bool> is_for_us(Gateway& gateway, const http::RequestHead& head, bool needed) {
    if (needed && !gateway.models()->config().master_key.empty()) co_return true;
    auto caller = co_await gateway.ledger().caller(head);
    if (!caller) co_return caller.error().status >= 500;
    co_return caller->kind != Caller::Kind::Open;
}

}  // namespace

Awaitable<void> pass_through(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto& config = models->config();
    auto& head = exchange.head();
    if (!holds_master_key(config, head)) {
        ApiError error{.status = 403,
                       .message =
                           "provider pass-through routes are for the master key: what goes through "
                           "them has no price here",
                       .type = "permission_denied"};
        reply_error(exchange, error);
        co_return;
    }
    auto path = std::string_view(head.path());
    if (auto& root = gateway.settings().root_path; path.starts_with(root)) path.remove_prefix(root.size());
    auto rest = path.substr(std::min(path.size(), path.find('/', 1)));
    auto name = path.substr(1, path.size() - rest.size() - 1);
    auto provider = find_provider(name == "vllm" ? "hosted_vllm" : name);
    auto endpoint = provider && provider->wire != WireKind::Bedrock
                        ? find_provider_endpoint(config, *provider)
                        : Outcome<Endpoint>(Problem{fmt::format("there is no pass-through to {}", name)});
    if (!endpoint) {
        reply_error(exchange, bad_request(endpoint.error().what));
        co_return;
    }
    auto body = co_await exchange.read_whole_body(config.max_body);
    if (!body) co_return;  // the server answers
    auto where = address(*endpoint, rest, head.query());
    auto url = http::parse_url(where);
    if (!url) {
        reply_error(exchange, bad_request(fmt::format("the path of {} makes no address", name)));
        co_return;
    }
    PassedRequest passed{fmt::format("/{}", name), where.substr(0, where.find('?')), *body};
    auto meter = co_await PassMeter::admit(gateway, exchange, std::move(passed));
    if (!meter) co_return;
    http::Request request;
    request.method = head.method;
    request.target = url->target;
    request.body = std::move(*body);
    for (auto& field : head.fields.all())
        if (is_forwarded(field.name)) request.fields.set(field.name, field.value);
    for (auto& [field, value] : authorization(*endpoint)) request.fields.set(field, value);

    RawCall call{std::move(*url),
                 std::move(request),
                 config.routing.timeout,
                 fmt::format("the provider {}", endpoint->provider->prefix),
                 link_of(*endpoint, config),
                 std::move(meter)};
    co_await relay_raw(gateway, exchange, std::move(call));
}

Awaitable<void> pass_to_endpoint(Gateway& gateway, http::Exchange& exchange, std::string path) {
    auto models = gateway.models();
    auto& config = models->config();
    auto& head = exchange.head();
    auto endpoint = find_pass_through(config.pass_through, head.method, path);
    if (!endpoint) co_return reply_json(exchange, 404, "{\"detail\":\"Not Found\"}");  // until a moment ago
    auto where = pass_through_address(*endpoint, path, head.query());
    auto url = http::parse_url(where);
    if (!url) {
        auto error = bad_request(fmt::format("what is below {} makes no address", endpoint->path));
        co_return reply_error(exchange, error);
    }
    auto body = co_await exchange.read_whole_body(config.max_body);
    if (!body) co_return;  // the server answers
    auto key = find_key(head, config.key_header).value_or("");
    bool ours = co_await is_for_us(gateway, head, endpoint->needs_key);
    if (!ours) key.clear();
    PassedRequest passed{endpoint->path, where.substr(0, where.find('?')), *body, endpoint->price,
                         !endpoint->needs_key && !ours};
    auto meter = co_await PassMeter::admit(gateway, exchange, std::move(passed));
    if (!meter) co_return;
    http::Request request;
    request.method = head.method;
    request.target = url->target;
    request.body = std::move(*body);
    forward_fields(*endpoint, head.fields, key, request.fields);
    RawCall call{std::move(*url),
                 std::move(request),
                 endpoint->timeout.value_or(config.routing.timeout),
                 fmt::format("the target of {}", endpoint->path),
                 config.link,
                 std::move(meter)};
    co_await relay_raw(gateway, exchange, std::move(call));
}

}  // namespace seance::litellm
