#pragma once
#include <optional>

#include "core/base/result.hpp"
#include "services/litellm/config/ledger_config.hpp"

namespace seance::litellm {

// Why the gateway could never work with its Valkey, or with that of its cache: it is a cluster and not named
// as one, or the other way round, and keys have other names in the two. Nothing: it is as it is named, or
// does not answer now. Takes two seconds per node at most, on a loop of its own.
std::optional<Problem> check_stores(const LedgerConfig& config);

}  // namespace seance::litellm
