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

// The path as routes name it, without SERVER_ROOT_PATH.
std::string_view path_below(std::string_view root, std::string_view path);

// `path` is below SERVER_ROOT_PATH, still percent-encoded.
RouteClass class_of_route(std::string_view method, std::string_view path);

// Whether an entry of a list of routes stands for the path: the path itself, one with `*` at its end, or a
// class by LiteLLM's name, such as llm_api_routes.
bool names_route(std::string_view entry, std::string_view path);

// Whether a key may use the route: its key_type and allowed_routes; `admin`: its user is one.
bool may_use_route(const Entity& key, bool admin, std::string_view method, std::string_view path);

}  // namespace seance::litellm
