#include "services/litellm/handlers/relay.hpp"

#include <fmt/format.h>

#include <ctime>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostErrorBody = 256 << 10;

Awaitable<Failure> read_refusal(std::shared_ptr<CallScope> scope, OpenUpstream& open,
                                const Dialogue& dialogue, const Provider& provider, Duration limit) {
    int status = open.stream.head().status;
    auto body = co_await read_rest(scope, open.stream, provider, limit, kMostErrorBody);
    if (!body && scope->ended() != CallScope::Ended::No) co_return body.error();
    auto error = dialogue.error(status, body ? *body : std::string());
    error.upstream = std::make_shared<const http::Fields>(open.fields);
    error.retry_after = parse_retry_after(open.fields.get("Retry-After"), std::chrono::system_clock::now());
    co_return error;
}

// A call that may be sent again when its connection turns out to have ended, and so is kept until its answer
// begins.
Awaitable<Result<http::ResponseStream>> open_repeatable(Gateway& gateway, CallScope& scope,
                                                        const UpstreamCall& call) {
    std::optional<Result<http::ResponseStream>> opened;
    bool whole =
        co_await scope.run(open_into(gateway.client(*call.link), call.url.origin, call.request, opened));
    if (!whole || !opened) co_return error_code(asio::error::operation_aborted);
    co_return std::move(*opened);
}

// A call on its way, of which nothing is needed any more.
Awaitable<Result<http::ClientExchange>> send_call(Gateway& gateway, CallScope& scope,
                                                  const UpstreamCall& call) {
    if (scope.ended() != CallScope::Ended::No) co_return error_code(asio::error::operation_aborted);
    auto client = gateway.client(*call.link);
    auto exchange = client->ready(call.url.origin);
    if (!exchange) {
        std::optional<Result<http::ClientExchange>> connected;
        bool whole = co_await scope.run(connect_into(client, call.url.origin, connected));
        if (!whole || !connected) co_return error_code(asio::error::operation_aborted);
        if (!*connected) co_return connected->error();
        exchange = std::move(**connected);
    }
    scope.on_end([&exchange] { exchange->abort(); });
    auto error = co_await exchange->write(call.url.origin, call.request);
    scope.on_end({});
    if (error) co_return error;
    co_return std::move(*exchange);
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view text, std::chrono::system_clock::time_point now) {
    using std::chrono::seconds;
    text = trim(text);
    if (auto number = parse_number(text)) {
        if (*number == 0 || *number > 3600) return std::nullopt;
        return Duration(seconds(*number));
    }
    std::tm parts{};
    std::string copy(text);
    auto rest = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!rest || *rest != '\0') return std::nullopt;
    auto wait = std::chrono::system_clock::from_time_t(timegm(&parts)) - now;
    if (wait <= seconds(0) || wait > seconds(3600)) return std::nullopt;
    return std::chrono::duration_cast<Duration>(wait);
}

ApiError lost_upstream(const CallScope& scope, const Provider& provider, Duration limit,
                       const error_code& error) {
    if (scope.ended() == CallScope::Ended::TimedOut || error == asio::error::timed_out)
        return timed_out(limit);
    if (error == http::ClientErrc::TlsFailed)
        return unreachable(provider,
                           error.message() + "; ssl_verify can name a file of the certificates to trust");
    return unreachable(provider, error.message());
}

void make_stream(http::Fields& fields) {
    fields.set("Content-Type", "text/event-stream; charset=utf-8");
    fields.set("Cache-Control", "no-cache");
    fields.set("X-Accel-Buffering", "no");
}

Awaitable<Answer<std::string>> read_rest(std::shared_ptr<CallScope> scope, http::ResponseStream& stream,
                                         const Provider& provider, Duration limit, std::uint64_t most) {
    scope->on_end([&stream] { stream.abort(); });
    auto body = co_await stream.read_whole_body(most);
    scope->on_end({});
    if (scope->ended() != CallScope::Ended::No)
        co_return lost_upstream(*scope, provider, limit, asio::error::operation_aborted);
    if (!body) co_return lost_upstream(*scope, provider, limit, body.error());
    co_return std::move(*body);
}

Awaitable<Failure> open_upstream(Gateway& gateway, std::shared_ptr<CallScope> scope,
                                 std::unique_ptr<UpstreamCall> call, const Dialogue& dialogue,
                                 const Provider& provider, Duration limit,
                                 std::optional<OpenUpstream>& open) {
    scope->allow(limit);
    Result<http::ResponseStream> opened = error_code(asio::error::operation_aborted);
    if (http::is_idempotent(call->request.method)) {
        opened = co_await open_repeatable(gateway, *scope, *call);
    } else {
        auto exchange = co_await send_call(gateway, *scope, *call);
        call.reset();  // before a wait that may take minutes
        if (exchange) {
            scope->on_end([&exchange] { exchange->abort(); });
            opened = co_await exchange->read_head();
            scope->on_end({});
        } else {
            opened = exchange.error();
        }
    }
    if (scope->ended() != CallScope::Ended::No)
        co_return lost_upstream(*scope, provider, limit, asio::error::operation_aborted);
    if (!opened) co_return lost_upstream(*scope, provider, limit, opened.error());

    open.emplace(OpenUpstream{std::move(*opened), {}});
    auto& head = open->stream.head();
    for (auto& field : head.fields.all()) open->fields.add(field.name, field.value);
    if (head.status >= 200 && head.status < 300) co_return Failure();
    auto failure = co_await read_refusal(scope, *open, dialogue, provider, limit);
    open.reset();
    co_return failure;
}

}  // namespace seance::litellm
