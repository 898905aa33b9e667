#include "services/landing/app.hpp"

namespace seance::landing {
namespace {

Awaitable<void> serve_health(http::Exchange& exchange) {
    auto response = http::text_response(200, "ok\n");
    response.fields.set("Cache-Control", "no-store");
    response.fields.set("X-Content-Type-Options", "nosniff");
    exchange.reply(std::move(response));
    co_return;
}

bool is_health_check(const http::RequestHead& head) {
    return head.path() == "/health" && (head.method == "GET" || head.method == "HEAD");
}

}  // namespace

http::Handler make_handler(const files::FileServer& files) {
    return [&files](http::Exchange& exchange) {
        return is_health_check(exchange.head()) ? serve_health(exchange) : files.serve(exchange);
    };
}

}  // namespace seance::landing
