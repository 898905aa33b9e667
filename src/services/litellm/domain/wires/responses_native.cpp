#include "services/litellm/domain/wires/responses_native.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/forms/pass_form.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/wires/native_relay.hpp"
#include "services/litellm/domain/wires/openai_wire.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {
namespace {

bool is_last(std::string_view type) {
    return type == "response.completed" || type == "response.incomplete" || type == "response.failed";
}

class ResponsesRelay final : public NativeRelay {
  public:
    using NativeRelay::NativeRelay;

    const Usage& usage() const override {
        if (!counted_) usage_ = {context().prompt_estimate, (bytes_ + 3) / 4};
        return usage_;
    }
    std::string error_event(const ApiError& error) const override {
        return fmt::format(
            "event: error\ndata: {{\"type\":\"error\",\"code\":\"{}\",\"message\":{},\"param\":null}}\n\n",
            error.status, json_quote(error.message));
    }

  private:
    bool is_object(std::string_view data) const override { return !data.empty() && data != "[DONE]"; }

    void take(const RawEvents::Event& event, const JsonValue& root, Step& step) override {
        JsonFields fields(root);
        auto type = fields.text("type");
        if (type == "error" && !content_) {
            step.error =
                upstream_error(*context().provider, status_in_error(event.data), event.data, context().key);
            return;
        }
        auto delta = fields.find("delta", JsonKind::String);
        if (delta) bytes_ += delta->text.size() - 2;
        if (delta || type == "response.output_item.added") content_ = step.content = true;
        auto response = fields.find("response", JsonKind::Object);
        step.out += response ? with_name(event, root, *response) : event.bytes;
        if (!response || !is_last(type)) return;
        if (auto usage = json_find(*response, "usage"); usage && usage->is(JsonKind::Object)) {
            usage_ = read_any_usage(usage, context().prompt_estimate);
            counted_ = true;
        }
        step.content = step.done = true;
    }

    bool content_ = false, counted_ = false;
    std::uint64_t bytes_ = 0;
    mutable Usage usage_;
};

}  // namespace

Answer<UpstreamCall> ResponsesNative::call() {
    auto text = native_body(root_, to_.deployment, to_.endpoint);
    return openai_call(to_, "/responses", std::move(text), stream_);
}

Answer<Completion> ResponsesNative::whole(std::string_view body) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object))
        return not_an_answer(context_, body, "the body is no JSON object");
    JsonEdit edit(*root);
    // "error" is a member of every answer here; an answer has an output too.
    if (!edit.has("output"))
        if (auto error = error_in_answer(*root, context_)) return *error;
    if (edit.has("model")) edit.set("model", json_quote(context_.model));
    return Completion{edit.text(), read_any_usage(edit.find("usage"), context_.prompt_estimate)};
}

std::unique_ptr<StreamRelay> ResponsesNative::stream() {
    return std::make_unique<ResponsesRelay>(context_);
}

ApiError ResponsesNative::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

Answer<Completion> ResponsesNative::whole_as_stream(std::string_view body) {
    auto completion = whole(body);
    if (!completion) return completion;
    auto line = completion->json;
    for (char& c : line)
        if (c == '\n' || c == '\r') c = ' ';
    return Completion{fmt::format("event: response.completed\ndata: {{\"type\":\"response.completed\","
                                  "\"sequence_number\":0,\"response\":{}}}\n\n",
                                  line),
                      completion->usage};
}

}  // namespace seance::litellm
