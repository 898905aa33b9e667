#pragma once
#include <map>
#include <string>
#include <string_view>

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

// From Anthropic's answers to OpenAI's: reference, section 13.4.
namespace seance::litellm {

// Tokens as Anthropic counts them; later counts of a stream replace earlier ones.
struct AnthropicUsage {
    std::uint64_t input = 0, output = 0, cache_read = 0, cache_creation = 0;

    void update(const std::optional<JsonValue>& usage);
    Usage usage() const;  // prompt is all that was read
    std::string openai_json() const;
};

// `json_tool`: the input of that tool is the answer's text.
Answer<std::string> anthropic_to_completion(std::string_view body, bool json_tool,
                                            const AnswerContext& context);

std::string_view finish_of_stop_reason(std::string_view word);

// {"type":"error",…} as an error; its status is told from its type.
ApiError anthropic_error(std::string_view body, const AnswerContext& context);
int status_of_anthropic_type(std::string_view type);

class AnthropicDecoder final : public EventDecoder {
  public:
    AnthropicDecoder(bool json_tool, AnswerContext context)
        : json_tool_(json_tool), context_(std::move(context)) {}

  private:
    struct Block {
        enum class Kind { Text, Thinking, Tool, JsonTool, Other } kind = Kind::Other;
        int tool = 0;            // OpenAI's index
        bool arguments = false;  // some have come
        std::string thinking, signature, input;
    };
    void take(const std::string& data) override;
    void begin_block(const JsonFields& event);
    void take_delta(const JsonFields& event);
    void end_block(const JsonFields& event);
    void push_arguments(Block& block, std::string_view json_text_literal);

    bool json_tool_, ended_ = false;
    AnswerContext context_;
    std::map<std::uint64_t, Block> blocks_;
    int tools_ = 0;
    AnthropicUsage usage_;
};

}  // namespace seance::litellm
