#include "services/litellm/domain/wires/responses_native.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/forms/pass_form.hpp"
#include "services/litellm/domain/forms/response_id.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/upstream_body.hpp"
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
    ResponsesRelay(const AnswerContext& context, ResponseNames names)
        : NativeRelay(context), names_(std::move(names)) {}

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
        step.out +=
            response ? with_part(event, root, *response, rename_response(*response, names_)) : event.bytes;
        if (!response || !is_last(type)) return;
        if (auto usage = json_find(*response, "usage"); usage && usage->is(JsonKind::Object)) {
            usage_ = read_any_usage(usage, context().prompt_estimate);
            counted_ = true;
        }
        step.content = step.done = true;
    }

    ResponseNames names_;
    bool content_ = false, counted_ = false;
    std::uint64_t bytes_ = 0;
    mutable Usage usage_;
};

}  // namespace

std::string rename_response(const JsonValue& response, const ResponseNames& names) {
    JsonEdit edit(response);
    if (edit.has("model") && !names.model.empty()) edit.set("model", json_quote(names.model));
    for (auto key : {"id", "previous_response_id"}) {
        auto id = edit.find(key);
        if (!id || !id->is(JsonKind::String)) continue;
        ResponseOrigin origin{names.deployment, json_text(*id).value_or("")};
        edit.set(key, json_quote(seal_response_id(origin, names.scope, names.secret)));
    }
    return edit.text();
}

ResponsesNative::ResponsesNative(const JsonValue& root, bool stream, const Destination& to,
                                 AnswerContext context, std::string scope)
    : root_(root),
      stream_(stream),
      to_(to),
      context_(std::move(context)),
      names_{context_.model, to.deployment.id, std::move(scope), to.config.master_key.reveal()} {}

Answer<UpstreamCall> ResponsesNative::call() {
    auto text = native_body(root_, to_.deployment, to_.endpoint);
    auto root = parse_json(text);
    auto before = root ? json_find(*root, "previous_response_id") : std::nullopt;
    auto origin = before ? open_response_id(json_text(*before).value_or(""), names_.scope, names_.secret)
                         : std::nullopt;
    if (origin) {
        JsonEdit edit(*root);
        edit.set("previous_response_id", json_quote(origin->id));
        text = edit.text();
    }
    return openai_call(to_, "/responses", std::move(text), stream_);
}

Answer<Completion> ResponsesNative::whole(std::string_view body) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object))
        return not_an_answer(context_, body, "the body is no JSON object");
    JsonEdit edit(*root);
    // "error" is a member of every answer here; an answer has an output too.
    if (!edit.has("output")) {
        if (auto error = error_in_answer(*root, context_)) return *error;
        return not_an_answer(context_, body, "the body has no list \"output\"");
    }
    return Completion{rename_response(*root, names_),
                      read_any_usage(edit.find("usage"), context_.prompt_estimate)};
}

std::unique_ptr<StreamRelay> ResponsesNative::stream() {
    return std::make_unique<ResponsesRelay>(context_, names_);
}

ApiError ResponsesNative::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

Answer<Completion> ResponsesNative::whole_as_stream(std::string_view body) {
    auto completion = whole(body);
    if (!completion) return completion;
    return Completion{fmt::format("event: response.completed\ndata: {{\"type\":\"response.completed\","
                                  "\"sequence_number\":0,\"response\":{}}}\n\n",
                                  one_line(std::move(completion->json))),
                      completion->usage};
}

}  // namespace seance::litellm
