#pragma once
#include <memory>
#include <optional>
#include <string>

#include "services/litellm/handlers/call_scope.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// Asks a deployment for what its mode is for, as briefly as can be, in its provider's own form. Gives what is
// wrong, or nothing if it answers. `model`: as in litellm_params.model.
Awaitable<std::optional<std::string>> ask_briefly(Gateway& gateway, const ModelTable& models,
                                                  const Deployment& deployment, const Endpoint& endpoint,
                                                  std::string model, std::shared_ptr<CallScope> scope);

}  // namespace seance::litellm
