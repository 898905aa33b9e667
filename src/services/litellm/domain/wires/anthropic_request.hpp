#pragma once
#include <string>
#include <vector>

#include "services/litellm/domain/openai_chat.hpp"

// From OpenAI's chat to Anthropic's Messages: reference, section 13.3.
namespace seance::litellm {

struct AnthropicOptions {
    std::string model;
    bool stream = false;
    std::uint64_t default_max_tokens = 4096;
    bool modify = false;  // litellm_settings.modify_params: mend what the provider would refuse
};

struct AnthropicRequest {
    std::string body;
    std::vector<std::string> betas;  // for the header anthropic-beta
    bool json_tool = false;          // the answer is the input of a tool that stands for response_format
};

inline constexpr std::string_view kJsonTool = "json_tool_call";

AnthropicRequest make_anthropic_request(const OpenAiChat& chat, const AnthropicOptions& options);

// Parameters of `chat` that Anthropic has no equivalent for, as OpenAI calls them.
std::vector<std::string> unsupported_by_anthropic(const OpenAiChat& chat);

// Tokens to think with, for a reasoning_effort; 0 for none.
std::uint64_t thinking_budget(std::string_view effort);

}  // namespace seance::litellm
