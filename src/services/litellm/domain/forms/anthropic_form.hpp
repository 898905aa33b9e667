#pragma once
#include <deque>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/forms/anthropic_answer.hpp"

namespace seance::litellm {

// Anthropic's /v1/messages as the client speaks it: natively to upstreams of that form, through OpenAI's to
// all others. Reference, section 12.3.
class AnthropicForm : public ClientForm {
  public:
    std::string_view call_type() const override { return "anthropic_messages"; }
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string error_body(const ApiError& error) const override { return anthropic_error_json(error); }
    const JsonValue& as_asked(const ChatRequest&) const override { return root_; }
    std::string whole(std::string completion, const AnswerContext& context) const override;
    std::unique_ptr<ClientStream> stream(const AnswerContext& context) const override;

  protected:
    virtual bool needs_max_tokens() const { return true; }
    const JsonValue& root() const { return root_; }

  private:
    std::string body_;  // as it came
    JsonValue root_;
    ToolNames names_;
    std::deque<ChatRequest> adapted_;  // for upstreams that know less
};

// /v1/messages/count_tokens: asked of upstreams that count, estimated for others.
class CountTokensForm final : public AnthropicForm {
  public:
    std::string_view call_type() const override { return "acount_tokens"; }
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string whole(std::string completion, const AnswerContext& context) const override;

  protected:
    bool needs_max_tokens() const override { return false; }
};

}  // namespace seance::litellm
