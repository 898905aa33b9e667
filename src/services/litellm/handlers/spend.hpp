#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// /spend/* and /global/*: reference, section 17.2.
namespace seance::litellm {

Awaitable<void> spend_logs(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> spend_keys(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> spend_users(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> spend_tags(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> spend_calculate(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> global_spend(Gateway& gateway, http::Exchange& exchange, std::string parameter);
// logs, keys, models, provider, teams, tags, end_users, report, by_day.
Awaitable<void> global_spend_by(Gateway& gateway, http::Exchange& exchange, std::string what);
Awaitable<void> global_spend_reset(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> global_activity(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
