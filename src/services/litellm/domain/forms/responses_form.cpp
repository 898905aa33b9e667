#include "services/litellm/domain/forms/responses_form.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/forms/conversations.hpp"
#include "services/litellm/domain/forms/response_id.hpp"
#include "services/litellm/domain/forms/responses_answer.hpp"
#include "services/litellm/domain/forms/responses_request.hpp"
#include "services/litellm/domain/wires/responses_native.hpp"

namespace seance::litellm {

std::string conversation_scope(const http::FieldViews& fields, const Config& config) {
    return sha256_hex(find_key(fields, config.key_header).value_or(""));
}

Answer<ChatRequest> ResponsesForm::parse(std::string body, const http::FieldViews& fields,
                                         std::string_view path_model, const Config& config) {
    body_ = std::move(body);
    auto request = parse_call_request(body_, fields, path_model, config.completion_model, config);
    if (!request) return request;
    root_ = *parse_json(body_);
    JsonFields given(root_);
    auto input = given.find("input");
    if (!input || !(input->is(JsonKind::String) || input->is(JsonKind::Array))) {
        if (!given.find("prompt"))
            return bad_request("Missing required parameter: 'input': a text or a list of items.", "input");
    } else {
        request->prompt_estimate = estimate_tokens(input->text);
    }
    request->include_usage = true;
    scope_ = conversation_scope(fields, config);
    echo_ = responses_echo(root_);

    // Whether a chat can stand for it is told when one has to.
    std::string before;
    if (auto previous = given.text("previous_response_id"); !previous.empty()) {
        if (auto kept = conversations().find(scope_, previous))
            before = kept->messages;
        else if (auto origin = open_response_id(previous, scope_, config.master_key.reveal()))
            before_ = origin->deployment;
        else
            untranslatable_ = bad_request(
                fmt::format(
                    "Previous response with id '{}' not found: it is of another key, another gateway, or "
                    "too long ago",
                    previous.substr(0, 100)),
                "previous_response_id");
    }
    if (!input || untranslatable_) {
        if (!untranslatable_) untranslatable_ = bad_request("this model needs an input", "input");
        return request;
    }
    auto chat = responses_to_chat(root_, before);
    if (!chat) {
        untranslatable_ = chat.error();
        return request;
    }
    auto translated = parse_chat_request(std::move(chat->body), fields, request->model, config);
    if (!translated) {
        untranslatable_ = translated.error();
        return request;
    }
    messages_ = std::move(chat->messages);
    input_ = std::move(chat->input);
    translated->include_usage = true;
    chats_.push_back(std::move(*translated));
    return request;
}

Answer<std::unique_ptr<Dialogue>> ResponsesForm::begin(const ChatRequest& request, const Destination& to,
                                                       const AnswerContext& context) {
    auto prefix = to.endpoint.provider->prefix;
    if (prefix == "openai" || prefix == "azure" || prefix == "litellm_proxy")
        return std::unique_ptr<Dialogue>(
            std::make_unique<ResponsesNative>(root_, request.stream, to, context, scope_));
    if (untranslatable_) return *untranslatable_;
    if (!before_.empty())
        return bad_request(
            fmt::format(
                "the response before this one is kept by the provider of another model (deployment {}), "
                "so a model of {} cannot go on from it; send the whole conversation as input",
                before_, prefix),
            "previous_response_id");
    return std::unique_ptr<Dialogue>(std::make_unique<ChatDialogue>(*this, chats_.back(), to, context));
}

namespace {

void keep(const std::string& scope, const std::string& messages, const std::string& input,
          const ResponseDraft& draft) {
    auto separator = messages.empty() ? "" : ",";
    conversations().keep(scope, draft.id,
                         {messages + separator + draft.assistant_message(),
                          draft.json(draft.finished_status()), input, draft.steps});
}

}  // namespace

std::string ResponsesForm::whole(std::string completion, const AnswerContext& context) const {
    auto draft = draft_of(completion, context, echo_);
    auto store = json_find(root_, "store");
    if (!store || !store->is(JsonKind::False)) keep(scope_, messages_, input_, draft);
    return draft.json(draft.finished_status());
}

std::unique_ptr<ClientStream> ResponsesForm::stream(const AnswerContext& context) const {
    ResponsesClientStream::Kept kept;
    auto store = json_find(root_, "store");
    if (!store || !store->is(JsonKind::False))
        kept = [scope = scope_, messages = messages_, input = input_](const ResponseDraft& draft) {
            keep(scope, messages, input, draft);
        };
    return std::make_unique<ResponsesClientStream>(context, echo_, std::move(kept));
}

}  // namespace seance::litellm
