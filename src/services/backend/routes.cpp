#include "services/backend/app.hpp"

namespace seance::backend {
namespace {

Awaitable<http::Response> answer_unknown(Context&, http::Exchange&) {
    co_return http::json_response(404, R"({"error":"Not found"})");
}

}  // namespace

void App::add_routes() {
    router_.add("GET", "/", handler_of(answer_health));
    router_.add("GET", "/health", handler_of(answer_health));
    router_.add("POST", "/deploy", handler_of(answer_deploy));
    router_.add("POST", "/rooms/token", handler_of(answer_room_token));
    router_.add("POST", "/stripe/webhook", handler_of(answer_billing));
    router_.add("GET", "/api/stripe/*", handler_of(answer_billing));
    router_.add("POST", "/api/stripe/*", handler_of(answer_billing));
    router_.otherwise(handler_of(answer_unknown));
}

http::Handler App::handler_of(Endpoint endpoint) {
    return [this, endpoint](http::Exchange& exchange) { return answer(endpoint, exchange); };
}

Awaitable<void> App::answer(Endpoint endpoint, http::Exchange& exchange) {
    std::string origin(exchange.head().fields.get("origin"));
    auto response = co_await endpoint(context_, exchange);
    origins_.apply(response.fields, origin);
    response.fields.set("Cache-Control", "no-store");
    exchange.reply(std::move(response));
}

Awaitable<void> App::receive(http::Exchange& exchange) {
    const auto& head = exchange.head();
    if (head.method == "OPTIONS" && head.fields.find("access-control-request-method")) {
        http::Response preflight;
        preflight.status = 204;
        origins_.apply_preflight(preflight.fields, head.fields.get("origin"),
                                 head.fields.get("access-control-request-headers"));
        exchange.reply(std::move(preflight));
        co_return;
    }
    co_await router_(exchange);
}

}  // namespace seance::backend
