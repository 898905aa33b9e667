#pragma once
#include "services/litellm/domain/forms/pass_form.hpp"

namespace seance::litellm {

// OpenAI's /embeddings: passed on to upstreams of that form, translated for Gemini, Ollama and Bedrock.
// Reference, section 12.2.
class EmbeddingForm final : public PassForm {
  public:
    EmbeddingForm() : PassForm(kEmbedding) {}
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string whole(std::string completion, const AnswerContext& context) const override;
};

// A vector written as JSON numbers as base64 of little-endian floats, as OpenAI's clients ask for it.
std::string floats_to_base64(const JsonValue& vector);

}  // namespace seance::litellm
