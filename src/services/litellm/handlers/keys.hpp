#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// /key/*: reference, section 12.6.
namespace seance::litellm {

Awaitable<void> key_generate(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_service_account(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_bulk_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_regenerate(Gateway& gateway, http::Exchange& exchange, std::string key);
Awaitable<void> key_reset_spend(Gateway& gateway, http::Exchange& exchange, std::string key);
Awaitable<void> key_block(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_unblock(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_list(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_aliases(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> key_health(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
