#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "net/http/client.hpp"

namespace seance::images {

// One request whose body belongs to someone else: a layer is sent from where it is, without a copy.
struct Outgoing {
    std::string method = "GET";
    http::Url url;
    http::Fields fields;
    std::string_view body;                       // good until the answer
    std::function<void(std::uint64_t)> on_sent;  // bytes of the body that the socket has taken, so far
    bool repeatable = true;                      // at once, if a connection turns out to be stale
};

// Sends it on a connection of the client's pool and reads the whole answer. An answer that comes before the
// end of the body is given, too. Redirects are not followed.
Awaitable<Result<http::WholeResponse>> transfer(http::Client& client, Outgoing request,
                                                std::uint64_t most_body);

// Where a Location or Link points, seen from `base`: absolute, or relative to it.
Result<http::Url> resolve_url(const http::Url& base, std::string_view location);

// `target` with one more parameter of its query.
std::string with_query(std::string target, std::string_view name, std::string_view value);

}  // namespace seance::images
