#pragma once
#include "services/litellm/domain/client_form.hpp"

namespace seance::litellm {

// A route that only upstreams of OpenAI's form offer, and that both sides speak alike.
struct PassRoute {
    std::string_view call_type;  // LiteLLM's word
    std::string_view path;       // below the upstream's base
    std::string_view required;   // a parameter without which it makes no sense; "" = none
    std::string_view also = {};  // another one
};

inline constexpr PassRoute kImageGeneration{"aimage_generation", "/images/generations", "prompt"};
inline constexpr PassRoute kImageEdit{"aimage_edit", "/images/edits", ""};
inline constexpr PassRoute kTranscription{"atranscription", "/audio/transcriptions", ""};
inline constexpr PassRoute kTranslation{"atranslation", "/audio/translations", ""};
inline constexpr PassRoute kSpeech{"aspeech", "/audio/speech", "input"};
inline constexpr PassRoute kModeration{"amoderation", "/moderations", "input"};
inline constexpr PassRoute kRerank{"arerank", "/rerank", "query", "documents"};
inline constexpr PassRoute kEmbedding{"aembedding", "/embeddings", "input"};

// Such a route as JSON or multipart/form-data: only the model's name changes, and what is no JSON in the
// answer (audio, events) goes on as it comes.
class PassForm : public ClientForm {
  public:
    explicit PassForm(const PassRoute& route) : route_(route) {}

    std::string_view call_type() const override { return route_.call_type; }
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string error_body(const ApiError& error) const override { return error.json(); }
    // A mock model's text, in no form of these routes.
    std::string whole(std::string completion, const AnswerContext& context) const override;
    std::unique_ptr<ClientStream> stream(const AnswerContext& context) const override;

  protected:
    const PassRoute& route() const { return route_; }

  private:
    Answer<ChatRequest> parse_parts(std::string body, const http::FieldViews& fields,
                                    std::string_view path_model, std::string_view forced,
                                    const Config& config);

    const PassRoute& route_;
    std::string content_type_;  // of a multipart body
    std::string stand_in_;      // for the JSON that such a body is not
};

// The refusal of a provider that does not offer a route.
ApiError not_offered(const Provider& provider, std::string_view path);

// The tokens of an answer that is no chat: prompt_tokens or input_tokens, and their like.
Usage read_any_usage(const std::optional<JsonValue>& usage, std::uint64_t prompt_estimate);

}  // namespace seance::litellm
