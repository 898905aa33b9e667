#include "services/litellm/domain/wires/bedrock_native.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/event_stream.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/bedrock_answer.hpp"
#include "services/litellm/domain/wires/bedrock_request.hpp"
#include "services/litellm/domain/wires/bedrock_wire.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kVersion = "bedrock-2023-05-31";

// Bedrock refuses a call for the sake of a beta that it does not know, and clients name those of Anthropic's
// own API. From the table of `anthropic_beta` in Amazon's user guide (Claude, Messages API).
constexpr std::string_view kBetas[] = {
    "computer-use-2024-10-22",         "computer-use-2025-01-24",       "token-efficient-tools-2025-02-19",
    "interleaved-thinking-2025-05-14", "output-128k-2025-02-19",        "dev-full-thinking-2025-05-14",
    "context-1m-2025-08-07",           "context-management-2025-06-27", "effort-2025-11-24",
    "tool-search-tool-2025-10-19",     "tool-examples-2025-10-29"};

std::string betas_of(const Destination& to) {
    JsonArray list;
    auto add = [&](std::string_view names, bool any) {
        for (auto part : split(names, ',')) {
            auto name = trim(part);
            bool known = std::find(std::begin(kBetas), std::end(kBetas), name) != std::end(kBetas);
            if (!name.empty() && (any || known)) list.add_text(name);
        }
    };
    for (auto& [name, value] : to.deployment.headers)
        if (iequals(name, "anthropic-beta")) add(value, true);
    if (to.client) add(to.client->get("anthropic-beta"), false);
    return list.empty() ? std::string() : list.str();
}

// Anthropic's events out of Amazon's frames.
class FramedRelay final : public StreamRelay {
  public:
    FramedRelay(std::unique_ptr<StreamRelay> events, AnswerContext context)
        : events_(std::move(events)), context_(std::move(context)) {}

    Step feed(std::string_view bytes) override {
        frames_.feed(bytes);
        Step step;
        while (!step.over()) {
            auto frame = frames_.next();
            if (!frame) break;
            take(*frame, step);
        }
        if (!step.over() && frames_.broken())
            step.error = broken("the upstream's event stream is damaged (wrong CRC or length)");
        return step;
    }

    Step end() override {
        if (!frames_.pending()) return events_->end();
        Step step;
        step.error = broken("the upstream closed the stream within a frame");
        return step;
    }

    const Usage& usage() const override { return events_->usage(); }
    std::string error_event(const ApiError& error) const override { return events_->error_event(error); }

  private:
    ApiError broken(std::string_view why) const { return broken_stream(*context_.provider, why); }

    void take(const EventStream::Message& frame, Step& step) {
        auto kind = frame.header(":message-type");
        if (kind == "exception" || kind == "error") {
            auto type = frame.header(":exception-type");
            step.error =
                bedrock_exception(type.empty() ? frame.header(":error-code") : type, frame.payload, context_);
            return;
        }
        auto payload = parse_json(frame.payload);
        auto inner = payload ? json_text(json_find(*payload, "bytes")) : std::nullopt;
        auto event = inner ? base64_decode(*inner) : std::nullopt;
        auto root = event ? parse_json(*event) : std::nullopt;
        if (!root || !root->is(JsonKind::Object)) {
            step.error = broken("the upstream sent an event that is no JSON object");
            return;
        }
        auto line = one_line(std::string(root->text));
        auto type = json_text(json_find(*root, "type")).value_or("");
        bool plain =
            std::all_of(type.begin(), type.end(), [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
        auto more = events_->feed(fmt::format("event: {}\ndata: {}\n\n", plain ? type : "", line));
        step.out += more.out;
        step.content = step.content || more.content;
        step.error = std::move(more.error);
        step.done = more.done;
    }

    std::unique_ptr<StreamRelay> events_;
    AnswerContext context_;
    EventStream frames_;
};

}  // namespace

bool BedrockNative::suits(const Endpoint& endpoint) {
    return endpoint.provider->wire == WireKind::Bedrock && is_claude(bedrock_model(endpoint.model)) &&
           !endpoint.model.starts_with("converse/");
}

Answer<UpstreamCall> BedrockNative::call() {
    auto body = native_body(root(), to().deployment, to().endpoint);
    auto parsed = parse_json(body);
    JsonEdit edit(*parsed);
    edit.remove("model");  // in the address
    edit.remove("stream");
    edit.fill("anthropic_version", json_quote(kVersion));
    if (auto betas = betas_of(to()); !betas.empty()) edit.fill("anthropic_beta", betas);
    return bedrock_call(to(), streams() ? "invoke-with-response-stream" : "invoke", edit.text(),
                        streams() ? "application/vnd.amazon.eventstream" : "application/json",
                        context().created);
}

std::unique_ptr<StreamRelay> BedrockNative::stream() {
    return std::make_unique<FramedRelay>(AnthropicNative::stream(), context());
}

}  // namespace seance::litellm
