#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// The handlers of the route table: request in, response out. `parameter` is what the path names, or "".
namespace seance::litellm {

Awaitable<void> chat_completions(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> messages(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> count_tokens(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> list_models(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> show_model(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> model_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> health(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> liveliness(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> readiness(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> backlog(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
