#pragma once
#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// What general_settings say of who is let in, where from and to what, beside the master key.
void read_access(const Node& general, Config& config, Notes& notes);

// Checks of clients that only LiteLLM does (custom_auth, JWT, OAuth2). Where one is asked for, an error tells
// what counts instead; without a master key nobody is let in.
void read_other_auth(const Node& general, Config& config, Notes& notes);

}  // namespace seance::litellm
