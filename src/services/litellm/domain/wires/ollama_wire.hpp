#pragma once
#include "services/litellm/domain/openai_chat.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {

// Ollama's own API: reference, section 4.10. `ollama_chat` speaks to /api/chat, `ollama` to /api/generate
// unless tools are in play, which only chats have.
class OllamaWire final : public Wire {
  public:
    OllamaWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    Answer<std::string> completion(std::string_view body) override;
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;
    bool is_stream(std::string_view, std::string_view) const override { return true; }

  private:
    Destination to_;
    const AnswerContext& context_;
};

Answer<std::string> make_ollama_chat(const OpenAiChat& chat, std::string_view model, bool stream);
Answer<std::string> make_ollama_prompt(const OpenAiChat& chat, std::string_view model, bool stream);
std::vector<std::string> unsupported_by_ollama(const OpenAiChat& chat);
Answer<std::string> ollama_to_completion(std::string_view body);

Answer<UpstreamCall> ollama_call(const Destination& to, std::string_view route, std::string body,
                                 bool stream);

// One JSON object a line.
class OllamaDecoder final : public QueuedDecoder {
  public:
    explicit OllamaDecoder(AnswerContext context) : context_(std::move(context)) {}

    void feed(std::string_view bytes) override;
    std::optional<std::string> rest() override;

  private:
    void take(std::string_view line);

    AnswerContext context_;
    std::string line_;
    bool begun_ = false;
    int calls_ = 0;
};

}  // namespace seance::litellm
