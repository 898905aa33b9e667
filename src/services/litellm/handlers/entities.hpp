#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// /user/*, /team/*, /customer/* (also /end_user/*) and /budget/*.
namespace seance::litellm {

Awaitable<void> user_new(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> user_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> user_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> user_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> user_list(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> team_new(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_member_add(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_member_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_block(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_unblock(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> team_list(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> customer_new(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_block(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_unblock(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> customer_list(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> budget_new(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> budget_update(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> budget_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> budget_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> budget_list(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
