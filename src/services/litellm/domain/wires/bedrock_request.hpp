#pragma once
#include <string>
#include <vector>

#include "services/litellm/domain/openai_chat.hpp"

// From OpenAI's chat to Bedrock's Converse: reference, section 4.9.
namespace seance::litellm {

struct BedrockRequest {
    std::string body;
    bool json_tool = false;  // the answer is the input of a tool that stands for response_format
};

// Fails for pictures that Bedrock would have to fetch.
Answer<BedrockRequest> make_bedrock_request(const OpenAiChat& chat, std::string_view model, bool modify);

// By the name of the model.
bool is_claude(std::string_view model);

std::vector<std::string> unsupported_by_bedrock(const OpenAiChat& chat, std::string_view model);

}  // namespace seance::litellm
