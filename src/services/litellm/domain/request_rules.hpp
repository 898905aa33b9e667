#pragma once
#include <optional>

#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// What a request must not ask for: models and routing of its own (user_config, model_list), guardrails, which
// nobody applies here, retries in words that mean nothing and, where the configuration says so, tags.
// Dropping any of them without a word would leave a client with an answer that it did not ask for. `body`:
// its members as the client sent them.
std::optional<ApiError> refuse_members(const std::vector<JsonMember>& body, bool refuse_tags = false);

}  // namespace seance::litellm
