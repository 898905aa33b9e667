#include "services/litellm/domain/wires/text_wire.hpp"

#include "core/base/text.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/openai_chat.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {
namespace {

// Texts as messages, of a whole answer or a chunk; what is no completion stays as it is.
std::string texts_to_messages(std::string_view body, std::string_view part) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object)) return std::string(body);
    JsonEdit edit(*root);
    auto choices = edit.find("choices");
    if (!choices || !choices->is(JsonKind::Array)) return std::string(body);
    JsonArray list;
    for (auto& value : json_elements(*choices)) {
        JsonFields choice(value);
        auto text = choice.find("text", JsonKind::String);
        auto index = choice.find("index");
        auto finish = choice.find("finish_reason");
        list.add(JsonObject()
                     .raw("index", index ? index->text : "0")
                     .raw("finish_reason", finish ? finish->text : "null")
                     .raw(part, JsonObject()
                                    .raw("role", "\"assistant\"")
                                    .raw("content", text ? text->text : "\"\"")
                                    .str())
                     .str());
    }
    edit.set("object", part == "delta" ? "\"chat.completion.chunk\"" : "\"chat.completion\"");
    edit.set("choices", list.str());
    return edit.text();
}

class TextDecoder final : public EventDecoder {
    void take(const std::string& data) override {
        push(trim(data) == "[DONE]" ? data : texts_to_messages(data, "delta"));
    }
};

}  // namespace

Answer<UpstreamCall> TextWire::call(const ChatRequest& request) {
    auto chat = read_openai_chat(request.root);
    if (!chat) return chat.error();
    std::vector<std::string> names;
    if (!chat->tools.empty()) names.emplace_back("tools");
    if (chat->format.kind != ResponseFormat::Kind::Text) names.emplace_back("response_format");
    if (!chat->effort.empty()) names.emplace_back("reasoning_effort");
    if (auto refused =
            refuse_unsupported(std::move(names), request, to_.deployment, to_.endpoint, to_.config))
        return *refused;
    std::string prompt;
    for (auto& turn : chat->turns) prompt += (prompt.empty() ? "" : "\n") + turn.text();
    auto text = upstream_body(request, to_.deployment, to_.endpoint);
    auto root = parse_json(text);
    JsonEdit edit(*root);
    for (auto key : {"messages", "tools", "tool_choice", "parallel_tool_calls", "response_format",
                     "reasoning_effort", "max_completion_tokens", "logprobs", "top_logprobs"})
        edit.remove(key);
    edit.set("prompt", json_quote(prompt));
    if (chat->max_tokens) edit.set("max_tokens", std::to_string(*chat->max_tokens));
    return openai_call(to_, "/completions", edit.text(), request.stream);
}

Answer<std::string> TextWire::completion(std::string_view body) {
    return texts_to_messages(body, "message");
}

std::unique_ptr<StreamDecoder> TextWire::decoder() {
    return std::make_unique<TextDecoder>();
}

ApiError TextWire::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

}  // namespace seance::litellm
