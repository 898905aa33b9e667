#pragma once
#include <map>
#include <string>

#include "services/litellm/domain/json_build.hpp"

// From Anthropic's Messages, as a client speaks it, to OpenAI's chat: reference, section 13.1.
namespace seance::litellm {

struct FromAnthropic {
    // The upstream takes what only some forms know: thinking blocks, cache_control, top_k.
    bool rich = true;
    bool reasoning_content = false;      // takes a past answer's thinking as reasoning_content
    bool max_completion_tokens = false;  // instead of max_tokens
    bool web_search = false;             // takes web_search_options
    std::size_t most_user = 0;           // characters of `user`; 0 = any
};

struct OpenAiRequest {
    std::string body;
    std::map<std::string, std::string> long_names;  // of tools whose name was too long, by the short one
};

// `root` is an object with a list `messages`; what it holds is translated as far as it makes sense.
OpenAiRequest anthropic_to_openai(const JsonValue& root, const FromAnthropic& options);

// OpenAI takes tool names of up to 64 characters; a longer one gets a short one that is always the same.
std::string short_tool_name(const std::string& name);

}  // namespace seance::litellm
