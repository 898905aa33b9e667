#pragma once
#include <string>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// Answers from the response cache if it holds the answer; true if it has answered. What the call wishes of
// the cache is left in the admission, so that its answer is stored.
Awaitable<bool> answer_from_cache(Gateway& gateway, http::Exchange& exchange, ClientForm& form,
                                  const ChatRequest& request, Admission& admission,
                                  std::unique_ptr<AnswerCache::Lead>& lead);

Awaitable<void> cache_ping(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> cache_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> cache_delete(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> cache_flush(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
