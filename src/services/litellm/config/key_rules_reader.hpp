#pragma once
#include "services/litellm/config/ledger_config.hpp"

namespace seance::litellm {

// What litellm_settings say of keys and teams that are made: defaults, bounds, and what a request has to
// name. What does not fit a record is left out, with an error.
void read_key_rules(const Node& litellm_settings, LedgerConfig& config, Notes& notes);

}  // namespace seance::litellm
