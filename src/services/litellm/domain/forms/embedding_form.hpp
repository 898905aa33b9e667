#pragma once
#include "services/litellm/domain/forms/pass_form.hpp"

namespace seance::litellm {

// OpenAI's /embeddings: passed on to upstreams of that form, translated for Gemini, Ollama and Bedrock.
// Reference, section 12.2.
class EmbeddingForm final : public PassForm {
  public:
    EmbeddingForm() : PassForm(kEmbedding) {}
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string whole(std::string completion, const AnswerContext& context) const override;

  private:
    bool base64_ = false;
    std::size_t count_ = 1;  // of inputs
};

// A vector written as JSON numbers as base64 of little-endian floats, as OpenAI's clients ask for it.
std::string floats_to_base64(const JsonValue& vector);

// An answer of /embeddings with its vectors in base64; nothing if they are already, or it has none.
std::optional<std::string> embeddings_in_base64(const JsonValue& answer);

}  // namespace seance::litellm
