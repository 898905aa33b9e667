#include <boost/json.hpp>
#include <chrono>

#include "core/base/hash.hpp"
#include "core/observe/log.hpp"
#include "services/backend/app.hpp"
#include "services/backend/domain/room_token_request.hpp"

namespace seance::backend {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMostBody = 64 * 1024;

http::Response error_response(int status, std::string_view error, std::string_view message) {
    json::object body{{"error", json::string_view(error.data(), error.size())},
                      {"message", json::string_view(message.data(), message.size())}};
    return http::json_response(status, json::serialize(body));
}

}  // namespace

// Issues a room token to who holds an issuer key: the product's own server, for a user that it knows.
Awaitable<http::Response> answer_room_token(Context& context, http::Exchange& exchange) {
    const auto& settings = context.settings;
    if (settings.room_token_secret.empty() || settings.room_issuer_key_hashes.empty())
        co_return error_response(503, "Room tokens are not configured",
                                 "ROOM_TOKEN_SECRET and ROOM_ISSUER_KEY_HASHES have to be set");
    auto key = exchange.head().fields.find("x-issuer-key");
    if (!key) co_return error_response(401, "Missing issuer key", "send it as X-Issuer-Key");
    if (!BuilderKeys(settings.room_issuer_key_hashes).allow(*key))
        co_return error_response(401, "Invalid issuer key", "this server knows no such key");
    auto body = co_await exchange.read_whole_body(kMostBody);
    if (!body) co_return http::error_page(http::status_of_body_error(body.error()), exchange.request_id());

    auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    auto token = parse_room_token_request(*body, settings.room_token_longest, now);
    if (!token) co_return error_response(400, "Invalid request", token.error().what);
    auto text = sign_room_token(*token, settings.room_token_secret);
    if (text.size() > kMostRoomToken)
        co_return error_response(400, "Invalid request",
                                 "the rooms do not fit into one token of 4096 characters; ask for several");
    observe::log(observe::Level::Info, "room_token_issued")
        .field("request_id", exchange.request_id())
        .field("write", token->write)
        .field("expires", token->expires);
    auto expires = std::chrono::system_clock::from_time_t(token->expires);
    json::object answer{{"token", text}, {"expires", iso_timestamp(expires)}};
    co_return http::json_response(201, json::serialize(answer));
}

}  // namespace seance::backend
