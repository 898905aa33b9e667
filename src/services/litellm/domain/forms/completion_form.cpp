#include "services/litellm/domain/forms/completion_form.hpp"

#include <fmt/format.h>

#include <map>

#include "core/base/text.hpp"
#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/sse.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/openai_wire.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {
namespace {

bool offers_completions(const Destination& to) {
    auto& provider = *to.endpoint.provider;
    if (provider.wire == WireKind::TextCompletion || to.deployment.mode == "completion") return true;
    for (std::string_view prefix : {"hosted_vllm", "lm_studio", "llamafile", "together_ai", "fireworks_ai",
                                    "deepseek", "codestral", "litellm_proxy", "custom_openai"})
        if (provider.prefix == prefix) return true;
    if (provider.prefix != "openai" && provider.prefix != "azure") return false;
    for (std::string_view word : {"instruct", "davinci", "babbage"})
        if (to.endpoint.model.find(word) != std::string::npos) return true;
    return false;
}

// What no chat can stand for: several prompts, or one as tokens.
bool needs_completions(const JsonValue& prompt) {
    if (!prompt.is(JsonKind::Array)) return false;
    auto prompts = json_elements(prompt);
    return prompts.size() > 1 || !prompts.front().is(JsonKind::String);
}

// Chunks of texts on their way from an upstream that offers them.
class TextRelay final : public StreamRelay {
  public:
    TextRelay(const AnswerContext& context, bool include_usage)
        : context_(context), include_usage_(include_usage) {}

    Step feed(std::string_view bytes) override {
        Step step;
        events_.feed(bytes);
        while (!step.over()) {
            auto data = events_.next();
            if (!data) break;
            take(*data, step);
        }
        if (!step.over() && events_.overflowed()) step.error = event_too_large();
        return step;
    }
    Step end() override {
        Step step;
        if (auto data = events_.rest()) take(*data, step);
        if (step.over()) return step;
        bool complete = !finished_.empty();
        for (auto& [index, finished] : finished_) complete = complete && finished;
        if (complete)
            close(step);
        else
            step.error =
                broken_stream(*context_.provider, "the upstream closed the stream before it was finished");
        return step;
    }
    const Usage& usage() const override {
        if (!counted_) usage_ = {context_.prompt_estimate, (bytes_ + 3) / 4};
        return usage_;
    }
    std::string error_event(const ApiError& error) const override {
        return fmt::format("data: {}\n\n", error.json());
    }

  private:
    void take(const std::string& data, Step& step) {
        if (trim(data) == "[DONE]") return close(step);
        auto root = parse_json(data);
        if (!root || !root->is(JsonKind::Object)) {
            step.error =
                broken_stream(*context_.provider, "the upstream sent a chunk that is no JSON object");
            return;
        }
        if (auto error = error_in_answer(*root, context_)) {
            step.error = std::move(error);
            return;
        }
        JsonEdit edit(*root);
        fill_identity(edit, context_, "text_completion");
        JsonFields fields(*root);
        auto choices = fields.list("choices");
        if (auto read = read_usage(edit.find("usage"))) {
            usage_ = *read;
            counted_ = true;
            if (choices.empty() && !include_usage_) return;
            if (!choices.empty()) edit.remove("usage");
        }
        for (auto& value : choices) {
            JsonFields choice(value);
            auto index = choice.find("index");
            auto& finished = finished_[index ? std::string(index->text) : std::string("0")];
            finished = finished || !choice.text("finish_reason").empty();
            bytes_ += choice.text("text").size();
            step.content = true;
        }
        step.out += fmt::format("data: {}\n\n", one_line(edit.text()));
    }
    void close(Step& step) {
        step.out += "data: [DONE]\n\n";
        step.content = step.done = true;
    }

    AnswerContext context_;
    bool include_usage_, counted_ = false;
    SseParser events_;
    std::map<std::string, bool> finished_;
    std::uint64_t bytes_ = 0;
    mutable Usage usage_;
};

class TextDialogue final : public Dialogue {
  public:
    TextDialogue(const ChatRequest& request, const Destination& to, AnswerContext context)
        : request_(request), to_(to), context_(std::move(context)) {}

    Answer<UpstreamCall> call() override {
        return openai_call(to_, "/completions", upstream_body(request_, to_.deployment, to_.endpoint),
                           request_.stream);
    }
    Answer<Completion> whole(std::string_view body) override {
        auto root = parse_json(body);
        if (!root || !root->is(JsonKind::Object))
            return not_an_answer(context_, body, "the body is no JSON object");
        if (auto error = error_in_answer(*root, context_)) return *error;
        JsonEdit edit(*root);
        auto choices = edit.find("choices");
        if (!choices || !choices->is(JsonKind::Array))
            return not_an_answer(context_, body, "the body has no list \"choices\"");
        fill_identity(edit, context_, "text_completion");
        auto usage = read_usage(edit.find("usage"));
        if (!usage) {
            usage = Usage{context_.prompt_estimate, estimate_tokens(choices->text)};
            edit.set("usage", usage_json(*usage));
        }
        return Completion{edit.text(), *usage};
    }
    std::unique_ptr<StreamRelay> stream() override {
        return std::make_unique<TextRelay>(context_, request_.include_usage);
    }
    Answer<Completion> whole_as_stream(std::string_view body) override {
        auto completion = whole(body);
        if (!completion) return completion;
        return Completion{fmt::format("data: {}\n\ndata: [DONE]\n\n", one_line(std::move(completion->json))),
                          completion->usage};
    }
    ApiError error(int status, std::string_view body) const override {
        return upstream_error(*context_.provider, status, body, context_.key);
    }

  private:
    const ChatRequest& request_;
    Destination to_;
    AnswerContext context_;
};

class TextClientStream final : public ClientStream {
  public:
    void chunk(std::string_view json, std::string& out) override {
        auto text = chat_to_text_completion(json, &offsets_);
        if (!text.empty()) out += fmt::format("data: {}\n\n", text);
    }
    void done(std::string& out) override { out += "data: [DONE]\n\n"; }
    std::string error_event(const ApiError& error) const override {
        return fmt::format("data: {}\n\n", error.json());
    }

  private:
    TextOffsets offsets_;
};

}  // namespace

Answer<std::string> prompt_to_chat(const JsonValue& root) {
    JsonEdit edit(root);
    auto prompt = *edit.find("prompt");
    JsonArray messages;
    auto add = [&](std::string_view text) {
        messages.add(fmt::format("{{\"role\":\"user\",\"content\":{}}}", text));
    };
    if (prompt.is(JsonKind::String)) add(prompt.text);
    auto prompts = json_elements(prompt);
    if (prompts.size() > 1 && prompts.front().is(JsonKind::String))
        return bad_request(
            "litellm.BadRequestError: this model completes one prompt a call: send each of them by itself",
            "prompt");
    for (auto& element : prompts) {
        if (!element.is(JsonKind::String))
            return bad_request(
                "litellm.BadRequestError: this model takes prompts as texts, not as lists of tokens",
                "prompt");
        add(element.text);
    }
    for (auto key : {"prompt", "best_of", "echo", "suffix"}) edit.remove(key);
    // A number of alternatives here is a flag and a number there.
    if (auto count = edit.find("logprobs"); count && count->is(JsonKind::Number)) {
        auto text = std::string(count->text);
        edit.set("logprobs", "true");
        edit.set("top_logprobs", text);
    }
    edit.set("messages", messages.str());
    return edit.text();
}

namespace {

// {"content":[{token, logprob, top_logprobs}]} of a chat as texts have it: lists side by side.
std::string text_logprobs(const JsonFields& chat, std::size_t offset) {
    JsonArray tokens, logprobs, tops, offsets;
    for (auto& value : chat.list("content")) {
        JsonFields one(value);
        auto token = one.text("token");
        auto number = one.find("logprob", JsonKind::Number);
        JsonObject top;
        for (auto& other : one.list("top_logprobs")) {
            JsonFields fields(other);
            if (auto its = fields.find("logprob", JsonKind::Number)) top.raw(fields.text("token"), its->text);
        }
        tokens.add_text(token);
        logprobs.add(number ? number->text : "null");
        tops.add(top.str());
        offsets.add(std::to_string(offset));
        offset += token.size();
    }
    if (tokens.empty()) return "null";
    return JsonObject()
        .raw("tokens", tokens.str())
        .raw("token_logprobs", logprobs.str())
        .raw("top_logprobs", tops.str())
        .raw("text_offset", offsets.str())
        .str();
}

}  // namespace

std::string chat_to_text_completion(std::string_view completion, TextOffsets* offsets) {
    auto root = parse_json(completion);
    JsonEdit edit(*root);
    edit.set("object", "\"text_completion\"");
    JsonArray choices;
    bool chunk = false, empty = true;
    for (auto& value : json_elements(edit.find("choices").value_or(JsonValue{"[]", JsonKind::Array}))) {
        JsonFields choice(value);
        auto delta = choice.find("delta");
        chunk = chunk || delta;
        JsonFields content(delta ? delta : choice.find("message"));
        auto text = content.find("content", JsonKind::String);
        auto index = choice.find("index") ? std::string(choice.find("index")->text) : std::string("0");
        auto offset = offsets ? (*offsets)[index] : 0;
        if (offsets && text) (*offsets)[index] += json_text(*text)->size();
        auto finish = choice.find("finish_reason");
        empty = empty && !finish && (!text || text->text == "\"\"");
        choices.add(JsonObject()
                        .raw("text", text ? text->text : "\"\"")
                        .raw("index", index)
                        .raw("logprobs", text_logprobs(JsonFields(choice.find("logprobs")), offset))
                        .raw("finish_reason", finish ? finish->text : "null")
                        .str());
    }
    if (chunk && empty) return "";  // a role, which texts do not have
    edit.set("choices", choices.str());
    return edit.text();
}

Answer<ChatRequest> CompletionForm::parse(std::string body, const http::FieldViews& fields,
                                          std::string_view path_model, const Config& config) {
    auto request = parse_call_request(std::move(body), fields, path_model, config.completion_model, config);
    if (!request) return request;
    auto prompt = json_find(request->root, "prompt");
    if (!prompt || prompt->is(JsonKind::Null))
        return bad_request("Missing required parameter: 'prompt'.", "prompt");
    if (!prompt->is(JsonKind::String) && (!prompt->is(JsonKind::Array) || json_elements(*prompt).empty()))
        return bad_request("prompt must be a text, a list of texts or a list of tokens", "prompt");
    request->prompt_estimate = estimate_tokens(prompt->text);
    return request;
}

Answer<std::unique_ptr<Dialogue>> CompletionForm::begin(const ChatRequest& request, const Destination& to,
                                                        const AnswerContext& context) {
    // A server of OpenAI's form may offer what its name does not say; it tells if it does not.
    bool asks = speaks_openai(*to.endpoint.provider) && needs_completions(*json_find(request.root, "prompt"));
    if (asks || offers_completions(to))
        return std::unique_ptr<Dialogue>(std::make_unique<TextDialogue>(request, to, context));
    auto body = prompt_to_chat(request.root);
    if (!body) return body.error();
    auto chat = parse_chat_request(std::move(*body), {}, request.model, to.config);
    if (!chat) return chat.error();
    chats_.push_back(std::move(*chat));
    return std::unique_ptr<Dialogue>(std::make_unique<ChatDialogue>(*this, chats_.back(), to, context));
}

std::string CompletionForm::whole(std::string completion, const AnswerContext&) const {
    return chat_to_text_completion(completion);
}

std::unique_ptr<ClientStream> CompletionForm::stream(const AnswerContext&) const {
    return std::make_unique<TextClientStream>();
}

}  // namespace seance::litellm
