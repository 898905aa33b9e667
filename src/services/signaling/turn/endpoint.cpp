#include "services/signaling/turn/endpoint.hpp"

#include <chrono>
#include <ctime>

#include "net/proxy/trusted_client.hpp"
#include "services/signaling/admission.hpp"
#include "services/signaling/origins.hpp"
#include "services/signaling/places.hpp"
#include "services/signaling/turn/credentials.hpp"

namespace seance::signaling::turn {

http::Response Endpoint::answer(const http::RequestHead& head, std::string_view peer_address) {
    auto origin = head.fields.get("origin");
    bool allowed = origin_allowed(settings_.allowed_origins, origin);
    auto page = allowed ? decide(head, peer_address)
                        : http::text_response(403, "Pages of this origin may not ask here.\n");
    page.fields.add("Cache-Control", "no-store");
    if (!settings_.allowed_origins.empty()) page.fields.add("Vary", "Origin");
    if (allowed && !origin.empty())
        page.fields.add("Access-Control-Allow-Origin", settings_.allowed_origins.empty() ? "*" : origin);
    return page;
}

http::Response Endpoint::decide(const http::RequestHead& head, std::string_view peer_address) {
    if (head.method == "OPTIONS") {
        http::Response preflight{
            204, {{"Access-Control-Allow-Methods", "GET"}, {"Access-Control-Max-Age", "86400"}}, ""};
        return preflight;
    }
    if (head.method != "GET" && head.method != "HEAD") {
        auto page = http::text_response(405, "Ask with GET.\n");
        page.fields.add("Allow", "GET, HEAD, OPTIONS");
        return page;
    }
    if (!settings_.turn.enabled()) return http::text_response(404, "There is no TURN server here.\n");
    std::int64_t now = std::time(nullptr);
    if (!settings_.room_token_secret.empty())
        if (auto grants = read_grants(head.query(), settings_.room_token_secret, now); !grants)
            return http::text_response(401, "Refused: " + grants.error().what + ".\n");
    auto user = http::query_value(head.query(), "user").value_or("");
    if (!user.empty() && !is_user(user))
        return http::text_response(400, "A user is up to 64 letters, digits and ._-@\n");
    auto client =
        counted_address(proxy::identify_client(peer_address, head.fields, settings_.trusted).client);
    if (!limiter_.take(client, Clock::now())) {
        auto page = http::text_response(429, "Your address has asked too often, try again in a minute.\n");
        page.fields.add("Retry-After", "60");
        return page;
    }
    auto expires = now + std::chrono::duration_cast<std::chrono::seconds>(settings_.turn.ttl).count();
    return http::json_response(
        200, print_credentials(make_credentials(settings_.turn.secret, expires, user), settings_.turn));
}

}  // namespace seance::signaling::turn
