#pragma once
#include <vector>

#include "services/litellm/config/node.hpp"
#include "services/litellm/domain/pass_through.hpp"

namespace seance::litellm {

// general_settings.pass_through_endpoints. An entry that cannot work is left out, with an error that names
// it.
std::vector<PassThroughEndpoint> read_pass_through(const Node* list, const config::Sources& environment,
                                                   Notes& notes);

}  // namespace seance::litellm
