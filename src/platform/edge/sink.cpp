#include "platform/edge/sink.hpp"

namespace seance::edge {

namespace {

constexpr std::uint64_t kMostBody = 64 << 20;

Awaitable<void> accept(http::Exchange& exchange) {
    exchange.limit_body(kMostBody);
    for (;;) {
        auto piece = co_await exchange.read_body();
        if (!piece) co_return;
        if (piece->empty()) break;
    }
    exchange.reply(http::json_response(200, "{\"status\":1}"));
}

http::ServerOptions quiet() {
    http::ServerOptions options;
    options.log_requests = false;
    return options;
}

}  // namespace

Sink::Sink(Loop& loop, std::uint16_t port) : server_(loop, quiet(), accept) {
    server_.listen("127.0.0.1", port);
}

}  // namespace seance::edge
