#pragma once
#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// What general_settings say of who is let in, where from and to what, beside the master key.
void read_access(const Node& general, Config& config, Notes& notes);

}  // namespace seance::litellm
