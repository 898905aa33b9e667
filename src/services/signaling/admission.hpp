#pragma once
#include <memory>
#include <string>

#include "net/http/server.hpp"
#include "services/signaling/counters.hpp"
#include "services/signaling/grants.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/shared.hpp"

namespace seance::signaling {

// Whether the sender of an upgrade request may connect.
struct Admission {
    int status = 101;                 // else 401, 403, 429 or 503
    std::string reason;               // for the client and the log: words that hold nothing of its request
    std::string details;              // further fields for the log alone, each behind a comma
    Places::Address place = nullptr;  // taken: for the lobby, which gives it back
    std::unique_ptr<Grants> grants;
};
Admission admit(const http::RequestHead& head, std::string_view peer_address, const Settings& settings,
                Shared& shared, Counters& counters);

// For the log's line of a request that was refused for its address: why clients behind a proxy may all have
// the same one. Empty if that is not so.
std::string proxy_hint(const http::FieldViews& fields, std::string_view peer_address,
                       const proxy::Networks& trusted);

// What the room tokens among the values of `token` in a query allow; the problem is that of the first one if
// none is valid.
Outcome<std::unique_ptr<Grants>> read_grants(std::string_view query, const SecretText& key, std::int64_t now);

}  // namespace seance::signaling
