#pragma once
#include "services/litellm/config/node.hpp"
#include "services/litellm/domain/deployment.hpp"

namespace seance::litellm {

// The part of litellm_params and model_info that only some providers' forms need.
WireSettings read_wire_settings(const Node& params, const Node* info, Notes& notes);

}  // namespace seance::litellm
