#include "services/litellm/domain/chat_dialogue.hpp"

namespace seance::litellm {
namespace {

void add_event(std::string_view data, std::string& out) {
    out += "data: ";
    out += data;
    out += "\n\n";
}

class ChatClientStream final : public ClientStream {
  public:
    void chunk(std::string_view json, std::string& out) override { add_event(json, out); }
    void done(std::string& out) override { add_event("[DONE]", out); }
    std::string error_event(const ApiError& error) const override {
        std::string out;
        add_event(error.json(), out);
        return out;
    }
};

}  // namespace

Answer<ChatRequest> ChatForm::parse(std::string body, const http::FieldViews& fields,
                                    std::string_view path_model, const Config& config) {
    return parse_chat_request(std::move(body), fields, path_model, config);
}

Answer<std::unique_ptr<Dialogue>> ChatForm::begin(const ChatRequest& request, const Destination& to,
                                                  const AnswerContext& context) {
    return std::unique_ptr<Dialogue>(std::make_unique<ChatDialogue>(*this, request, to, context));
}

std::string ChatForm::whole(std::string completion, const AnswerContext&) const {
    return completion;
}

std::unique_ptr<ClientStream> ChatForm::stream(const AnswerContext&) const {
    return std::make_unique<ChatClientStream>();
}

}  // namespace seance::litellm
