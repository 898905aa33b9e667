#pragma once
#include <string>
#include <vector>

#include "services/litellm/domain/openai_chat.hpp"

// From OpenAI's chat to Gemini's generateContent: reference, section 13.5.
namespace seance::litellm {

std::string make_gemini_request(const OpenAiChat& chat, std::string_view model);

// Parameters of `chat` that Gemini has no equivalent for, as OpenAI calls them.
std::vector<std::string> unsupported_by_gemini(const OpenAiChat& chat);

// The signature that Gemini wants back with a call travels in the call's id: clients give that back for sure.
inline constexpr std::string_view kSignatureInId = "__thought__";

}  // namespace seance::litellm
