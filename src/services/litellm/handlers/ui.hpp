#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// The page at /ui/, carried in the program; it needs no key itself, what it shows does.
Awaitable<void> show_ui(Gateway& gateway, http::Exchange& exchange, std::string file);
Awaitable<void> move_to_ui(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
