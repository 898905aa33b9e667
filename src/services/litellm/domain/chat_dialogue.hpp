#pragma once
#include "services/litellm/domain/chat_stream.hpp"
#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// A chat through OpenAI's form: what the client wants becomes an OpenAI request, which the wire sends; what
// comes back becomes an OpenAI answer, which the client's form renders. `form` and `request` outlive it.
class ChatDialogue final : public Dialogue {
  public:
    ChatDialogue(const ClientForm& form, const ChatRequest& request, const Destination& to,
                 AnswerContext context);

    Answer<UpstreamCall> call() override { return wire_->call(request_); }
    Answer<Completion> whole(std::string_view body) override;
    std::unique_ptr<StreamRelay> stream() override;
    ApiError error(int status, std::string_view body) const override { return wire_->error(status, body); }
    bool is_stream(std::string_view content_type, std::string_view first_piece) const override {
        return wire_->is_stream(content_type, first_piece);
    }
    Answer<Completion> whole_as_stream(std::string_view body) override;

  private:
    Answer<Completion> openai(std::string_view body);
    std::string rendered(std::string completion) const;

    const ClientForm& form_;
    const ChatRequest& request_;
    AnswerContext context_;
    std::unique_ptr<Wire> wire_;
    bool functions_ = false;  // the client knows functions, and no tools
};

// The chunks of an OpenAI completion as the bytes of a client's stream, to the end.
Answer<Completion> render_chunks(const std::vector<std::string>& chunks, const ClientForm& form,
                                 const AnswerContext& context, bool include_usage);

}  // namespace seance::litellm
