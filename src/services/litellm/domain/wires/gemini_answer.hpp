#pragma once
#include <map>

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

// From Gemini's answers to OpenAI's: reference, section 13.5.
namespace seance::litellm {

Answer<std::string> gemini_to_completion(std::string_view body, const AnswerContext& context);

std::string_view finish_of_gemini_reason(std::string_view word);
std::string gemini_usage(const JsonFields& metadata);  // usageMetadata as OpenAI's usage

class GeminiDecoder final : public EventDecoder {
  public:
    explicit GeminiDecoder(AnswerContext context) : context_(std::move(context)) {}

  private:
    void take(const std::string& data) override;

    AnswerContext context_;
    std::map<std::string, int> calls_;  // so far, by candidate
};

}  // namespace seance::litellm
