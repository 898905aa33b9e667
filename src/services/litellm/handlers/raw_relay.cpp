#include "services/litellm/handlers/raw_relay.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/pass_through.hpp"
#include "services/litellm/handlers/call_scope.hpp"

namespace seance::litellm {
namespace {

ApiError lost(const RawCall& call, const CallScope& scope, const error_code& error) {
    if (scope.ended() == CallScope::Ended::TimedOut || error == asio::error::timed_out)
        return timed_out(call.limit);
    return {.status = 502,
            .message = fmt::format("{} cannot be reached: {}", call.name, error.message()),
            .type = "internal_server_error"};
}

}  // namespace

Awaitable<void> relay_raw(Gateway& gateway, http::Exchange& exchange, RawCall call) {
    auto scope = std::make_shared<CallScope>(gateway.loop().executor());
    exchange.on_disconnect(scope->ender_for_client());
    scope->allow(call.limit);
    std::optional<Result<http::ResponseStream>> opened;
    bool whole =
        co_await scope->run(open_into(gateway.client(*call.link), call.url.origin, call.request, opened));
    auto& meter = *call.meter;
    if (scope->client_gone()) {
        meter.abandoned();
        co_return reply_to_nobody(exchange);
    }
    if (!whole || !opened || !*opened) {
        auto why = opened && !*opened ? opened->error() : error_code(asio::error::operation_aborted);
        auto error = lost(call, *scope, why);
        meter.failed(error);
        co_return reply_error(exchange, error);
    }
    auto& stream = **opened;
    auto fields = common_fields(exchange.head(), call_id(exchange.head()));
    repeat_fields(stream.head().fields, fields);
    meter.begun(stream.head().status, stream.head().fields, fields);
    scope->on_end([&stream] { stream.abort(); });
    auto broken = co_await exchange.start(stream.head().status, fields, std::nullopt);
    while (!broken && !scope->client_gone()) {
        scope->allow(call.limit);
        auto piece = co_await stream.read_body();
        if (scope->client_gone()) break;
        if (!piece || scope->ended() != CallScope::Ended::No) {  // cut, and seen to be
            meter.failed(lost(call, *scope, piece ? error_code(asio::error::timed_out) : piece.error()));
            break;
        }
        if (piece->empty()) {
            meter.ended();
            co_await exchange.finish();
            break;
        }
        broken = co_await exchange.write(*piece);
    }
    scope->on_end({});
    if (!broken && !scope->client_gone()) co_return;
    meter.abandoned();  // unless it had all been said
    stream.abort();
}

}  // namespace seance::litellm
