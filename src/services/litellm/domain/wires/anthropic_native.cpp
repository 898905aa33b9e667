#include "services/litellm/domain/wires/anthropic_native.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/forms/anthropic_answer.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/anthropic_wire.hpp"
#include "services/litellm/domain/wires/native_relay.hpp"

namespace seance::litellm {
namespace {

class AnthropicRelay final : public NativeRelay {
  public:
    using NativeRelay::NativeRelay;

    const Usage& usage() const override {
        usage_ = counted_.usage();
        if (usage_.prompt == 0) usage_.prompt = context().prompt_estimate;
        if (!finished_) usage_.completion = std::max(usage_.completion, (content_bytes_ + 3) / 4);
        return usage_;
    }
    std::string error_event(const ApiError& error) const override {
        return fmt::format("event: error\ndata: {}\n\n", anthropic_error_json(error));
    }

  private:
    bool is_complete() const override { return finished_; }  // message_stop was forgotten

    void take(const RawEvents::Event& event, const JsonValue& root, Step& step) override {
        JsonFields fields(root);
        auto type = fields.text("type");
        if (type == "error") {
            step.error = anthropic_error(event.data, context());
            return;
        }
        if (type == "message_start") {
            auto message = fields.find("message");
            counted_.update(JsonFields(message).find("usage"));
            step.out +=
                message && message->is(JsonKind::Object) ? with_name(event, root, *message) : event.bytes;
            return;
        }
        if (type == "message_delta") {
            auto counted = fields.find("usage");
            counted_.update(counted);
            finished_ = step.content = true;
            step.out += counted && context().cost ? with_cost(event, root, *counted) : event.bytes;
            return;
        }
        step.out += event.bytes;
        if (type.starts_with("content_block_")) {
            step.content = true;
            if (type == "content_block_delta")
                if (auto delta = fields.find("delta")) content_bytes_ += delta->text.size() / 2;
        } else if (type == "message_stop") {
            step.content = step.done = true;
        }
    }

    std::string with_cost(const RawEvents::Event& event, const JsonValue& root, const JsonValue& part) const {
        auto priced = one_line(usage_with_cost(std::string(part.text), usage(), context()));
        return priced == part.text ? event.bytes : with_part(event, root, part, priced);
    }

    AnthropicUsage counted_;
    bool finished_ = false;
    std::uint64_t content_bytes_ = 0;
    mutable Usage usage_;
};

}  // namespace

std::string AnthropicNative::body() const {
    return native_body(root_, to_.deployment, to_.endpoint);
}

Answer<UpstreamCall> AnthropicNative::call() {
    return anthropic_call(to_, route_, body(), stream_, {});
}

Answer<Completion> AnthropicNative::whole(std::string_view body) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object))
        return not_an_answer(context_, body, "the body is no JSON object");
    JsonEdit edit(*root);
    if (json_text(edit.find("type")) == "error") return anthropic_error(body, context_);
    auto content = edit.find("content");
    if (!edit.has("input_tokens") && !(content && content->is(JsonKind::Array)))
        return not_an_answer(context_, body, "the body has no list \"content\"");
    if (edit.has("model")) edit.set("model", json_quote(context_.model));
    AnthropicUsage usage;
    usage.update(edit.find("usage"));
    return Completion{edit.text(), usage.usage()};
}

std::unique_ptr<StreamRelay> AnthropicNative::stream() {
    return std::make_unique<AnthropicRelay>(context_);
}

ApiError AnthropicNative::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

Answer<Completion> AnthropicNative::whole_as_stream(std::string_view body) {
    auto answer = anthropic_to_completion(body, false, context_);
    if (!answer) return answer.error();
    auto completion = rewrite_completion(*answer, context_);
    if (!completion) return completion.error();
    AnthropicClientStream client(context_, {});
    std::string out;
    for (auto& chunk : completion_to_chunks(*parse_json(completion->json))) client.chunk(chunk, out);
    client.done(out);
    return Completion{std::move(out), completion->usage};
}

}  // namespace seance::litellm
