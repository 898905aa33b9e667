#include "net/http/router.hpp"

#include "core/observe/metrics.hpp"

namespace seance::http {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with("/*")) return path.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == path;
}

Awaitable<void> serve_metrics(Exchange& exchange) {
    Response response{
        200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, observe::metrics().render()};
    exchange.reply(std::move(response));
    co_return;
}

Awaitable<void> serve_health(Exchange& exchange) {
    auto response = text_response(200, "ok\n");
    response.fields.add("Cache-Control", "no-store");
    exchange.reply(std::move(response));
    co_return;
}

}  // namespace

void Router::add(std::string method, std::string path, Handler handler) {
    routes_.push_back({std::move(method), std::move(path), std::move(handler)});
}

Awaitable<void> Router::operator()(Exchange& exchange) const {
    const auto& head = exchange.head();
    auto path = head.path();
    std::string allowed;
    for (const auto& route : routes_) {
        if (!matches(route.path, path)) continue;
        if (route.method == head.method || (route.method == "GET" && head.method == "HEAD"))
            return route.handler(exchange);
        for (auto method :
             {std::string_view(route.method), std::string_view(route.method == "GET" ? "HEAD" : "")}) {
            if (method.empty() || allowed.find(method) != std::string::npos) continue;
            if (!allowed.empty()) allowed += ", ";
            allowed += method;
        }
    }
    if (allowed.empty() && otherwise_) return otherwise_(exchange);
    auto response = error_page(allowed.empty() ? 404 : 405, exchange.request_id());
    if (!allowed.empty()) response.fields.add("Allow", allowed);
    exchange.reply(std::move(response));
    return []() -> Awaitable<void> { co_return; }();
}

Router admin_router() {
    Router router;
    router.add("GET", "/metrics", serve_metrics);
    router.add("GET", "/health", serve_health);
    return router;
}

ServerOptions admin_options() {
    ServerOptions options;
    options.port_setting = "ADMIN_PORT";
    return options;
}

}  // namespace seance::http
