#pragma once
#include "services/litellm/domain/event_stream.hpp"
#include "services/litellm/domain/wires/anthropic_answer.hpp"

// From Bedrock's Converse answers to OpenAI's. They are Anthropic's with other names, so that form is the
// way between.
namespace seance::litellm {

Answer<std::string> bedrock_to_completion(std::string_view body, bool json_tool,
                                          const AnswerContext& context);

// An exception in a stream, such as throttlingException, by its type.
ApiError bedrock_exception(std::string_view type, std::string_view payload, const AnswerContext& context);

class BedrockDecoder final : public StreamDecoder {
  public:
    BedrockDecoder(bool json_tool, AnswerContext context)
        : context_(context), anthropic_(json_tool, std::move(context)) {}

    void feed(std::string_view bytes) override;
    std::optional<std::string> next() override { return anthropic_.next(); }
    std::optional<std::string> rest() override;
    std::optional<ApiError> error() const override;

  private:
    void take(const EventStream::Message& message);
    void say(std::string_view event);  // in Anthropic's form
    void finish(const std::string& usage);

    AnswerContext context_;
    EventStream messages_;
    AnthropicDecoder anthropic_;
    std::string stop_reason_;
    std::map<std::uint64_t, bool> open_;  // blocks of text and thinking begin without an event
    std::optional<ApiError> error_;
};

}  // namespace seance::litellm
