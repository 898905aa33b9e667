#pragma once
#include <string>

#include "services/litellm/domain/chat_request.hpp"

// From OpenAI's Responses to its chat: reference, section 12.4.
namespace seance::litellm {

struct ResponsesChat {
    std::string body;      // of a chat request
    std::string messages;  // of this call and all before, JSON elements without brackets
    std::string input;     // items as the client sent them, likewise
};

// `before`: the messages of the conversation that this call goes on with.
Answer<ResponsesChat> responses_to_chat(const JsonValue& root, std::string_view before);

}  // namespace seance::litellm
