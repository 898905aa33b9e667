#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/domain/json_build.hpp"

// An OpenAI chat request as what it means, for upstreams of another form.
namespace seance::litellm {

// One part of a message's content.
struct Part {
    enum class Kind { Text, Image, File, Audio, Video, Other };
    Kind kind = Kind::Text;
    std::string text = {};           // of Text
    std::string media_type = {};     // "image/png"; "" if unknown
    std::string data = {};           // base64
    std::string url = {};            // instead of data
    std::string id = {};             // of a File that the provider keeps
    std::string name = {};           // of a File
    std::string cache_control = {};  // JSON, or ""
    std::string raw = {};            // the part as it came
    std::string type = {};           // as the client called it
};

struct ToolCall {
    std::string id, name;
    std::string arguments;  // as the client sent them: JSON text, perhaps none
    std::string signature;  // Gemini's thoughtSignature, if the client kept it

    std::string input() const;  // arguments as a JSON object; {} if they are none
};

struct Turn {
    enum class Role { System, User, Assistant, Tool };
    Role role = Role::User;
    std::vector<Part> parts = {};
    std::vector<ToolCall> calls = {};
    std::string tool_call_id = {}, tool_name = {};  // of Tool
    std::string reasoning = {};
    std::vector<std::string> thinking_blocks = {};  // JSON, as the client kept them
    std::string cache_control = {};

    std::string text() const;  // of all text parts, joined
};

struct Tool {
    std::string name, description;
    std::string schema;  // JSON, or ""
    std::string cache_control;
    std::string raw;  // a tool that is no function, as it came
};

struct ToolChoice {
    enum class Mode { Unset, Auto, Required, None, Named };
    Mode mode = Mode::Unset;
    std::string name = {};
};

struct ResponseFormat {
    enum class Kind { Text, Object, Schema };
    Kind kind = Kind::Text;
    std::string schema = {};  // JSON, of Schema
    std::string name = {};
};

// Numbers and what is not looked into stay JSON text; "" is absent.
struct OpenAiChat {
    std::vector<Turn> turns;
    std::vector<Tool> tools;
    ToolChoice choice;
    std::optional<bool> parallel_tools;
    ResponseFormat format;
    std::optional<std::uint64_t> max_tokens;
    std::string temperature, top_p, top_k, n, seed, presence_penalty, frequency_penalty, logprobs,
        top_logprobs, logit_bias;
    std::vector<std::string> stop;
    std::string user;
    std::string effort;    // reasoning_effort
    std::string thinking;  // JSON
    std::string web_search;
    // Parameters that no form has a place for, by name; and those that OpenAI does not know, which pass.
    JsonMembers standard_rest, unknown;

    const Tool* find_tool(std::string_view name) const;
};

// `root`: of prepared_request(). Fails on a message that no provider could be given.
Answer<OpenAiChat> read_openai_chat(const JsonValue& root);

// "data:image/png;base64,AAAA" as media type and data; nothing if it is no base64 data URL.
std::optional<std::pair<std::string, std::string>> parse_data_url(std::string_view url);

// "https://x/a.PNG?y" → image/png; "" if the name says nothing.
std::string media_type_of(std::string_view name);

// Whether what a provider does not support is left out: as the call, the deployment or the file says.
bool drops_params(const ChatRequest& request, const Deployment& deployment, const Config& config);

// Of parameters (as OpenAI calls them) that a provider does not take: those that must be refused. Empty if
// all may be dropped or are allowed.
std::optional<ApiError> refuse_unsupported(std::vector<std::string> names, const ChatRequest& request,
                                           const Deployment& deployment, const Endpoint& endpoint,
                                           const Config& config);

}  // namespace seance::litellm
