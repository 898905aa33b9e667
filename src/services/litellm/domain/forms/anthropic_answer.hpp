#pragma once
#include <deque>
#include <map>
#include <string>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/json_build.hpp"

// From OpenAI's answers to Anthropic's, as an Anthropic client reads them: reference, section 13.2.
namespace seance::litellm {

using ToolNames = std::map<std::string, std::string>;  // original name by the one sent upstream

std::string openai_to_anthropic(std::string_view completion, const ToolNames& names,
                                const AnswerContext& context);

// {"type":"error",…}
std::string anthropic_error_json(const ApiError& error);

// Blocks in order, one open at a time: what belongs to a later block waits until the one before is complete.
class AnthropicClientStream final : public ClientStream {
  public:
    AnthropicClientStream(const AnswerContext& context, ToolNames names)
        : context_(context), names_(std::move(names)) {}

    void chunk(std::string_view json, std::string& out) override;
    void done(std::string& out) override;
    std::string error_event(const ApiError& error) const override;

  private:
    struct Block {
        enum class Kind { Text, Thinking, Tool, Whole };
        Kind kind;
        std::string tool = {};  // OpenAI's index
        std::string id = {}, name = {};
        std::string waiting = {};    // not sent yet: text, or arguments; of Whole the block itself
        std::string arguments = {};  // all of them
        std::string signature = {};
    };
    void begin(std::string& out);
    void take_thinking(const JsonFields& delta, std::string& out);
    void take_calls(const JsonFields& delta, std::string& out);
    Block& block_for(Block::Kind kind);
    void move_on(std::string& out, bool ending);
    void open(Block& block, std::string& out);
    void flush(Block& block, std::string& out);
    void close(Block& block, std::string& out);
    static bool is_complete(const Block& block);

    AnswerContext context_;
    ToolNames names_;
    bool begun_ = false, open_ = false, reasoned_ = false;
    std::deque<Block> blocks_;  // the first is open if open_
    std::map<std::string, bool> closed_tools_;
    std::size_t index_ = 0;
    std::string finish_, usage_ = "{\"input_tokens\":0,\"output_tokens\":0}";
};

}  // namespace seance::litellm
