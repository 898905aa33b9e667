#pragma once
#include <deque>

#include "services/litellm/domain/client_form.hpp"

namespace seance::litellm {

// OpenAI's /responses: passed on to openai and azure, as a chat to all others. Reference, section 12.4.
class ResponsesForm final : public ClientForm {
  public:
    std::string_view call_type() const override { return "aresponses"; }
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string error_body(const ApiError& error) const override { return error.json(); }
    std::string goes_on_from() const override { return before_; }
    std::string whole(std::string completion, const AnswerContext& context) const override;
    std::unique_ptr<ClientStream> stream(const AnswerContext& context) const override;

  private:
    std::string body_;  // as it came
    JsonValue root_;
    std::string scope_;   // who may go on with this conversation
    std::string before_;  // id of the deployment that keeps the answer before this one
    std::string echo_, messages_, input_;
    std::optional<ApiError> untranslatable_;
    std::deque<ChatRequest> chats_;
};

// Whose conversations a call may see: a fingerprint of its key.
std::string conversation_scope(const http::FieldViews& fields, const Config& config);

}  // namespace seance::litellm
