#pragma once
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// What deployments and providers with a budget have spent is kept in Valkey, and told once a second: gateways
// that share one count together, and a restart forgets nothing older. Without Valkey each process counts by
// itself from its start.
Awaitable<void> tell_budgets(Gateway& gateway);  // once
Awaitable<void> share_budgets(Gateway& gateway, const bool& stopping);

}  // namespace seance::litellm
