#pragma once
#include <deque>
#include <map>

#include "services/litellm/domain/client_form.hpp"

namespace seance::litellm {

// OpenAI's legacy /completions: passed on to upstreams that offer it, as a chat of one message to all others.
// Reference, section 12.1.
class CompletionForm final : public ClientForm {
  public:
    std::string_view call_type() const override { return "atext_completion"; }
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string error_body(const ApiError& error) const override { return error.json(); }
    std::string whole(std::string completion, const AnswerContext& context) const override;
    std::unique_ptr<ClientStream> stream(const AnswerContext& context) const override;

  private:
    std::deque<ChatRequest> chats_;
};

// A prompt as a chat; fails for several and for tokens.
Answer<std::string> prompt_to_chat(const JsonValue& root);

// How much of each choice's text has come, by its index.
using TextOffsets = std::map<std::string, std::size_t>;
// Of a whole answer, or of a chunk of a stream with what came before it.
std::string chat_to_text_completion(std::string_view completion, TextOffsets* offsets = nullptr);

}  // namespace seance::litellm
