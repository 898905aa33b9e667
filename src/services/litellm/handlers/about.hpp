#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// What the gateway says of itself: that it runs, and its routes for people and for programs.
namespace seance::litellm {

Awaitable<void> say_hello(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> say_test(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> list_routes(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> show_openapi(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> show_docs(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
