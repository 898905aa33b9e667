#pragma once
#include <span>
#include <string>
#include <string_view>

#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

using RouteHandler = Awaitable<void> (*)(Gateway& gateway, http::Exchange& exchange, std::string parameter);

// One row: a path may hold one {parameter}, which is a whole segment, or the whole rest if it stands last.
struct Route {
    std::string_view method, path, name;
    RouteHandler handler;
};
std::span<const Route> routes();

// For the log: a key that a path names (/key/sk-…/regenerate) by its last letters alone.
std::string shown_path(std::string_view path);

// What `path` (still percent-encoded) holds for the pattern's parameter, decoded; nothing if it does not
// match.
std::optional<std::string> match_route(std::string_view pattern, std::string_view path);

// Permission for web pages, 404, 405, the key check, then the route.
Awaitable<void> serve(Gateway& gateway, http::Exchange& exchange);

}  // namespace seance::litellm
