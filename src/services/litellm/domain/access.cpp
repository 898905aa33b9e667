#include "services/litellm/domain/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/domain/route_class.hpp"

namespace seance::litellm {
namespace {

ApiError refused(const std::string& why) {
    return {.status = 401,
            .message = "Authentication Error, " + why,
            .type = "auth_error",
            .param = std::nullopt};
}

std::string mask_key(std::string_view key) {
    if (key.size() < 12) return "****";
    return fmt::format("{}****{}", key.substr(0, 4), key.substr(key.size() - 4));
}

bool names_one(const std::vector<std::string>& list, std::string_view path) {
    return std::any_of(list.begin(), list.end(), [&](auto& entry) { return names_route(entry, path); });
}

}  // namespace

std::optional<std::string> find_key(const http::FieldViews& fields, std::string_view own_header) {
    std::string_view names[] = {
        own_header,       "x-litellm-api-key",        "authorization", "api-key", "x-api-key",
        "x-goog-api-key", "ocp-apim-subscription-key"};
    for (auto name : names) {
        if (name.empty()) continue;
        auto value = fields.find(name);
        if (!value || trim(*value).empty()) continue;
        auto key = trim(*value);
        for (std::string_view scheme : {"bearer ", "basic "})
            if (iequals(key.substr(0, scheme.size()), scheme))
                return std::string(trim(key.substr(scheme.size())));
        // A bare value, or another scheme such as Digest, is no key there.
        if (iequals(name, "authorization")) return std::string();
        return std::string(key);
    }
    return std::nullopt;
}

std::optional<std::string> find_key(const http::RequestHead& head, std::string_view own_header) {
    auto key = find_key(head.fields, own_header);
    auto path = head.path();
    bool of_gemini = path.find("/gemini/") != path.npos || path.find("/v1beta/") != path.npos;
    return key || !of_gemini ? key : http::query_value(head.query(), "key");
}

std::optional<ApiError> check_key(const Config& config, const std::optional<std::string>& key,
                                  bool loopback_only) {
    if (config.master_key.empty()) {
        // Whoever asks for a check of clients does not want an open gateway, on loopback as little as
        // elsewhere.
        if (!config.other_auth.empty())
            return refused(
                fmt::format("this gateway's configuration asks for {}, which is not available, and has no "
                            "master key, so it "
                            "stays closed. Set general_settings.master_key.",
                            config.other_auth));
        if (config.master_key_problem.empty() || loopback_only) return std::nullopt;
        return refused(
            "this gateway asks for a master key but was started without one, so it stays closed. Its log "
            "names the missing setting.");
    }
    if (!key || key->empty()) return refused("No api key passed in.");
    if (equal_in_constant_time(*key, config.master_key.reveal())) return std::nullopt;
    if (!key->starts_with("sk-"))
        return refused(fmt::format("LiteLLM Virtual Key expected. Received={}, expected to start with 'sk-'.",
                                   mask_key(*key)));
    return ApiError{.status = 400, .message = "No connected db.", .type = "no_db_connection"};
}

bool is_public_route(const Config& config, std::string_view path) {
    for (std::string_view open : {"/", "/routes", "/openapi.json", "/docs", "/health/liveliness",
                                  "/health/liveness", "/health/readiness"})
        if (path == open) return true;
    if (config.public_metrics && (path == "/metrics" || path == "/metrics/")) return true;
    if (path == "/ui" || path.starts_with("/ui/")) return true;  // the page; what it shows is not
    return names_one(config.public_routes, path);
}

bool is_admin_route(const Config& config, std::string_view path) {
    // /v1/x and /x are one route, and a limit on one holds for both.
    auto bare = [](std::string_view text) { return text.starts_with("/v1/") ? text.substr(3) : text; };
    auto& list = config.admin_only_routes;
    return std::any_of(list.begin(), list.end(),
                       [&](auto& entry) { return names_route(bare(entry), bare(path)); });
}

std::optional<ApiError> check_place(const Config& config, std::string_view client, std::string_view path) {
    if (path == "/health/liveliness" || path == "/health/liveness" || path == "/health/readiness")
        return std::nullopt;
    if (config.allowed_addresses) {
        auto address = proxy::parse_hop(client);
        if (!address || !config.allowed_addresses->contains(*address))
            return ApiError{
                .status = 403, .message = "Access forbidden: IP address not allowed.", .type = "auth_error"};
    }
    if (config.allowed_routes && !names_one(*config.allowed_routes, path))
        return ApiError{
            .status = 403, .message = fmt::format("Route {} not allowed", path), .type = "auth_error"};
    return std::nullopt;
}

std::string client_address(const Config& config, std::string_view peer, const http::FieldViews& fields) {
    if (!config.use_forwarded_for) return std::string(peer);
    auto identity = proxy::identify_client(peer, fields, proxy::Networks::private_ranges());
    auto own = proxy::parse_hop(peer);
    if (!identity.peer_trusted || !own || identity.client != own->to_string()) return identity.client;
    // Everybody named is in a private network: the one that the proxy itself has seen.
    std::string_view last;
    for (auto& field : fields.all())
        if (iequals(field.name, "x-forwarded-for")) last = trim(split(field.value, ',').back());
    auto seen = proxy::parse_hop(last);
    return seen ? seen->to_string() : identity.client;
}

}  // namespace seance::litellm
