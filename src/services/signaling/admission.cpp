#include "services/signaling/admission.hpp"

#include <chrono>

#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "net/proxy/trusted_client.hpp"
#include "services/signaling/origins.hpp"

namespace seance::signaling {
namespace {

// More than any page needs, and few enough to check for every connection.
constexpr std::size_t kMostTokens = 32;
// Of a page's origin, in the log.
constexpr std::size_t kLongestOrigin = 200;

std::int64_t unix_now() {
    return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

Admission refuse(int status, std::string reason, observe::Counter& counter) {
    counter.add();
    Admission refused;
    refused.status = status;
    refused.reason = std::move(reason);
    return refused;
}

}  // namespace

std::string proxy_hint(const http::FieldViews& fields, std::string_view peer_address,
                       const proxy::Networks& trusted) {
    bool forwarded = !fields.get("x-forwarded-for").empty() || !fields.get("x-real-ip").empty();
    if (!forwarded || proxy::identify_client(peer_address, fields, trusted).peer_trusted) return {};
    return ",\"hint\":\"it came with X-Forwarded-For or X-Real-IP of a peer that is not in TRUSTED_PEERS; if "
           "that is "
           "your proxy, set TRUSTED_PEERS to its address, or all clients behind it count as one\"";
}

Outcome<std::unique_ptr<Grants>> read_grants(std::string_view query, const SecretText& key,
                                             std::int64_t now) {
    auto grants = std::make_unique<Grants>();
    std::string problem = "a room token is needed: add ?token= with one to the URL";
    std::size_t seen = 0;
    for (auto part : split(query, '&')) {
        if (!part.starts_with("token=")) continue;
        if (++seen > kMostTokens) return Problem{"there are more than 32 room tokens in the URL"};
        auto text = http::percent_decode(part.substr(6));
        auto token = verify_room_token(text ? *text : std::string(), key, now);
        if (token)
            grants->add(std::move(*token));
        else if (seen == 1)
            problem = token.error().what;
    }
    if (grants->empty()) return Problem{problem};
    return grants;
}

Admission admit(const http::RequestHead& head, std::string_view peer_address, const Settings& settings,
                Shared& shared, Counters& counters) {
    if (auto origin = head.fields.get("origin"); !origin_allowed(settings.allowed_origins, origin)) {
        auto refused = refuse(403, "pages of this origin may not connect here", counters.refused_origin);
        refused.details = ",\"origin\":";
        observe::append_json_string(refused.details, origin.substr(0, kLongestOrigin));
        return refused;
    }
    Admission admission;
    if (!settings.room_token_secret.empty()) {
        auto grants = read_grants(head.query(), settings.room_token_secret, unix_now());
        if (!grants) return refuse(401, grants.error().what, counters.refused_token);
        admission.grants = std::move(*grants);
    }
    std::string client(peer_address);
    if (settings.max_connections_per_ip > 0)
        client = counted_address(proxy::identify_client(peer_address, head.fields, settings.trusted).client);
    auto place = shared.places.take(client);
    if (place.answer == Places::Answer::Full)
        return refuse(503, "all places are taken, try again later", counters.refused_full);
    if (place.answer == Places::Answer::AddressFull) {
        auto refused = refuse(429, "your address has as many connections as it may, close one first",
                              counters.refused_address);
        refused.details = proxy_hint(head.fields, peer_address, settings.trusted);
        return refused;
    }
    admission.place = place.address;
    return admission;
}

}  // namespace seance::signaling
