#include "services/litellm/domain/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

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
    for (std::string_view open :
         {"/", "/routes", "/health/liveliness", "/health/liveness", "/health/readiness"})
        if (path == open) return true;
    if (config.public_metrics && (path == "/metrics" || path == "/metrics/")) return true;
    if (path == "/ui" || path.starts_with("/ui/")) return true;  // the page; what it shows is not
    return std::find(config.public_routes.begin(), config.public_routes.end(), path) !=
           config.public_routes.end();
}

}  // namespace seance::litellm
