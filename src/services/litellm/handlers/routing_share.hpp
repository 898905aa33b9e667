#pragma once
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// Gateways that share a Valkey tell one another, once a second, how many requests and tokens each deployment
// has had in this minute and which cool down. Best effort and beside the requests: without Valkey each goes
// by what it has seen itself.
Awaitable<void> share_routing(Gateway& gateway, const bool& stopping);

}  // namespace seance::litellm
