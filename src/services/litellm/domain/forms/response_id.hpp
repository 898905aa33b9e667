#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// Where an answer of /responses is kept: an upstream, and the id it has there.
struct ResponseOrigin {
    std::string deployment;  // id
    std::string id;
};

// The id that a client gets for it: names the origin, so that any gateway of the same configuration finds it
// again, after a restart too. `scope` is whose answer it is; `secret` is the gateways' own.
std::string seal_response_id(const ResponseOrigin& origin, std::string_view scope, std::string_view secret);

// The origin again; nothing for an id that was not sealed, or for another key.
std::optional<ResponseOrigin> open_response_id(std::string_view sealed, std::string_view scope,
                                               std::string_view secret);

}  // namespace seance::litellm
