#include "services/litellm/domain/chat_dialogue.hpp"

#include "core/base/text.hpp"
#include "services/litellm/domain/legacy_functions.hpp"

namespace seance::litellm {
namespace {

// Bytes of the upstream through its decoder and the chat to the client's stream.
class ChatRelay final : public StreamRelay {
  public:
    ChatRelay(std::unique_ptr<StreamDecoder> decoder, std::unique_ptr<ClientStream> client,
              const AnswerContext& context, bool include_usage)
        : decoder_(std::move(decoder)), client_(std::move(client)), chat_(context, include_usage, *client_) {}

    Step feed(std::string_view bytes) override {
        decoder_->feed(bytes);
        Step step;
        while (!step.over()) {
            auto data = decoder_->next();
            if (!data) break;
            chat_.take(*data, step);
        }
        note_error(step);
        return step;
    }

    Step end() override {
        Step step;
        while (!step.over()) {
            auto data = decoder_->rest();
            if (!data) break;
            chat_.take(*data, step);
        }
        note_error(step);
        if (!step.over()) chat_.end(step);
        return step;
    }

    const Usage& usage() const override { return chat_.usage(); }
    std::string error_event(const ApiError& error) const override { return client_->error_event(error); }

  private:
    void note_error(Step& step) const {
        if (step.over()) return;
        if (auto error = decoder_->error()) step.error = std::move(*error);
    }

    std::unique_ptr<StreamDecoder> decoder_;
    std::unique_ptr<ClientStream> client_;
    ChatStream chat_;
};

}  // namespace

bool looks_like_stream(std::string_view content_type, std::string_view first_piece) {
    return !lower(content_type).starts_with("application/json") && !trim(first_piece).starts_with('{');
}

bool Dialogue::is_stream(std::string_view content_type, std::string_view first_piece) const {
    return looks_like_stream(content_type, first_piece);
}

ChatDialogue::ChatDialogue(const ClientForm& form, const ChatRequest& request, const Destination& to,
                           AnswerContext context)
    : form_(form), request_(request), context_(std::move(context)), wire_(make_wire(to, context_)) {
    // Upstreams of OpenAI's form know functions themselves; the others were told of tools.
    functions_ =
        !wire_->is_openai() && form_.call_type() == "acompletion" && speaks_of_functions(request_.root);
}

std::string ChatDialogue::rendered(std::string completion) const {
    if (functions_) completion = tools_to_functions(completion, "message");
    return form_.whole(std::move(completion), context_);
}

// The answer in OpenAI's form, fit for a client that speaks it.
Answer<Completion> ChatDialogue::openai(std::string_view body) {
    if (wire_->is_openai()) return rewrite_completion(body, context_);
    auto answer = wire_->completion(body);
    if (!answer) return answer.error();
    return rewrite_completion(*answer, context_);
}

Answer<Completion> ChatDialogue::whole(std::string_view body) {
    auto completion = openai(body);
    if (completion) completion->json = rendered(std::move(completion->json));
    return completion;
}

std::unique_ptr<StreamRelay> ChatDialogue::stream() {
    auto client = form_.stream(context_);
    if (functions_) client = make_functions_stream(std::move(client));
    return std::make_unique<ChatRelay>(wire_->decoder(), std::move(client), context_, request_.include_usage);
}

Answer<Completion> ChatDialogue::whole_as_stream(std::string_view body) {
    auto completion = openai(body);
    if (!completion) return completion;
    if (functions_) completion->json = tools_to_functions(completion->json, "message");
    auto root = parse_json(completion->json);
    return render_chunks(completion_to_chunks(*root), form_, context_, request_.include_usage);
}

Answer<Completion> render_chunks(const std::vector<std::string>& chunks, const ClientForm& form,
                                 const AnswerContext& context, bool include_usage) {
    auto client = form.stream(context);
    ChatStream chat(context, include_usage, *client);
    StreamRelay::Step step;
    for (auto& chunk : chunks)
        if (!step.over()) chat.take(chunk, step);
    if (!step.over()) chat.take("[DONE]", step);
    if (step.error) return std::move(*step.error);
    return Completion{std::move(step.out), chat.usage()};
}

}  // namespace seance::litellm
