#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/chat_answer.hpp"

namespace seance::litellm {

// The answer of a model that is a text in the configuration, as an upstream would have sent it. The texts
// "litellm.RateLimitError", "litellm.ContextWindowExceededError" and "litellm.InternalServerError" are those
// errors.
Answer<std::string> mock_completion(std::string_view text, unsigned choices, const AnswerContext& context);

// The same as chunks of a stream: a word at a time, usage last, without [DONE].
Answer<std::vector<std::string>> mock_chunks(std::string_view text, unsigned choices,
                                             const AnswerContext& context);

}  // namespace seance::litellm
