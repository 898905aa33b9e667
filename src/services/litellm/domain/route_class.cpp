#include "services/litellm/domain/route_class.hpp"

#include <algorithm>

namespace seance::litellm {
namespace {

constexpr std::string_view kInfo[] = {"/key/info",
                                      "/key/health",
                                      "/models",
                                      "/v1/models",
                                      "/model/info",
                                      "/v1/model/info",
                                      "/v2/model/info",
                                      "/model_group/info",
                                      "/health",
                                      "/user/info",
                                      "/team/info",
                                      "/spend/logs",
                                      "/test",
                                      "/health/backlog",
                                      "/utils/token_counter",
                                      "/spend/calculate",
                                      "/health/services"};

// Whole segments below which everything is for admins.
constexpr std::string_view kManagement[] = {
    "/key",    "/user",   "/team",    "/customer", "/end_user",
    "/budget", "/spend",  "/global",  "/cache",    "/model",
    "/config", "/ui/api", "/metrics", "/debug",    "/health/test_connection"};

bool below(std::string_view path, std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace

bool names_route(std::string_view entry, std::string_view path) {
    constexpr std::string_view kOfLiteLlm = "LiteLLMRoutes.";
    if (entry.starts_with(kOfLiteLlm)) entry.remove_prefix(kOfLiteLlm.size());
    auto kind = class_of_route("", path);
    if (entry == "llm_api_routes" || entry == "openai_routes") return kind == RouteClass::Inference;
    if (entry == "info_routes") return kind == RouteClass::Info;
    if (entry == "management_routes") return kind == RouteClass::Management;
    if (entry.ends_with('*')) return path.starts_with(entry.substr(0, entry.size() - 1));
    return path == entry;
}

std::string_view path_below(std::string_view root, std::string_view path) {
    if (root.empty() || !path.starts_with(root)) return path;
    auto rest = path.substr(root.size());
    if (rest.empty()) return "/";
    return rest.starts_with('/') ? rest : path;
}

RouteClass class_of_route(std::string_view, std::string_view path) {
    for (auto info : kInfo)
        if (path == info) return RouteClass::Info;
    if (path.starts_with("/v1/models/") || (path.starts_with("/models/") && path.find(':') == path.npos))
        return RouteClass::Info;
    for (auto root : kManagement)
        if (below(path, root)) return RouteClass::Management;
    return RouteClass::Inference;
}

bool may_use_route(const Entity& key, bool admin, std::string_view method, std::string_view path) {
    auto kind = class_of_route(method, path);
    bool reads = method == "GET" || method == "HEAD";
    if (key.kind == "llm_api" && kind == RouteClass::Management) return false;
    if (key.kind == "management" && kind == RouteClass::Inference) return false;
    if (key.kind == "read_only" && (!reads || kind == RouteClass::Inference)) return false;
    if (!key.allowed_routes.empty()) {
        bool named = std::any_of(key.allowed_routes.begin(), key.allowed_routes.end(),
                                 [&](auto& entry) { return names_route(entry, path); });
        if (!named) return false;
    }
    if (kind != RouteClass::Management || admin) return true;
    return key.sees_spend && reads && below(path, "/global/spend");
}

}  // namespace seance::litellm
