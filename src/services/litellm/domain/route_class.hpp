#pragma once
#include <string_view>
#include <vector>

#include "services/litellm/domain/entity.hpp"

namespace seance::litellm {

// What a route is for: reference, section 7.
enum class RouteClass {
    Inference,   // any valid key
    Info,        // any valid key, which sees what it may see
    Management,  // the master key, or a key of an admin
};

// `path` is below SERVER_ROOT_PATH, still percent-encoded.
RouteClass class_of_route(std::string_view method, std::string_view path);

// Whether a key may use the route: its key_type and allowed_routes; `admin`: its user is one.
bool may_use_route(const Entity& key, bool admin, std::string_view method, std::string_view path);

}  // namespace seance::litellm
