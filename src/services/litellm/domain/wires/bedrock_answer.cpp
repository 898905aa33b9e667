#include "services/litellm/domain/wires/bedrock_answer.hpp"

#include <fmt/format.h>

namespace seance::litellm {
namespace {

std::string stop_reason_of(const std::string& word) {
    return word == "guardrail_intervened" || word == "content_filtered" ? "refusal" : word;
}

std::string usage_of(const JsonFields& usage) {
    return JsonObject()
        .number("input_tokens", usage.count("inputTokens"))
        .number("output_tokens", usage.count("outputTokens"))
        .number("cache_read_input_tokens",
                usage.count(usage.find("cacheReadInputTokens") ? "cacheReadInputTokens"
                                                               : "cacheReadInputTokenCount"))
        .number("cache_creation_input_tokens",
                usage.count(usage.find("cacheWriteInputTokens") ? "cacheWriteInputTokens"
                                                                : "cacheWriteInputTokenCount"))
        .str();
}

std::string tool_use(const JsonFields& tool) {
    auto input = tool.find("input", JsonKind::Object);
    return JsonObject()
        .raw("type", "\"tool_use\"")
        .text("id", tool.text("toolUseId"))
        .text("name", tool.text("name"))
        .raw("input", input ? input->text : "{}")
        .str();
}

std::string anthropic_block(const JsonFields& block) {
    if (auto text = block.find("text", JsonKind::String))
        return JsonObject().raw("type", "\"text\"").raw("text", text->text).str();
    if (auto tool = block.find("toolUse", JsonKind::Object)) return tool_use(JsonFields(*tool));
    if (auto reasoning = block.find("reasoningContent", JsonKind::Object)) {
        JsonFields fields(*reasoning);
        if (auto redacted = fields.find("redactedContent"))
            return JsonObject().raw("type", "\"redacted_thinking\"").raw("data", redacted->text).str();
        JsonFields text(fields.find("reasoningText"));
        return JsonObject()
            .raw("type", "\"thinking\"")
            .text("thinking", text.text("text"))
            .text("signature", text.text("signature"))
            .str();
    }
    return "{\"type\":\"other\"}";
}

}  // namespace

Answer<std::string> bedrock_to_completion(std::string_view body, bool json_tool,
                                          const AnswerContext& context) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object)) return std::string(body);  // refused as no completion
    JsonFields fields(*root);
    auto message = JsonFields(fields.find("output")).find("message");
    if (!message) return std::string(body);
    JsonArray content;
    for (auto& block : JsonFields(*message).list("content")) content.add(anthropic_block(JsonFields(block)));
    auto anthropic = JsonObject()
                         .raw("type", "\"message\"")
                         .raw("content", content.str())
                         .text("stop_reason", stop_reason_of(fields.text("stopReason")))
                         .raw("usage", usage_of(JsonFields(fields.find("usage"))))
                         .str();
    return anthropic_to_completion(anthropic, json_tool, context);
}

ApiError bedrock_exception(std::string_view type, std::string_view payload, const AnswerContext& context) {
    int status = 500;
    for (auto& [name, code] : {std::pair<std::string_view, int>{"throttlingException", 429},
                               {"validationException", 400},
                               {"accessDeniedException", 403},
                               {"resourceNotFoundException", 404},
                               {"modelTimeoutException", 408},
                               {"serviceUnavailableException", 503}})
        if (type == name) status = code;
    return upstream_error(*context.provider, status, payload, context.key);
}

void BedrockDecoder::feed(std::string_view bytes) {
    messages_.feed(bytes);
    while (!error_) {
        auto message = messages_.next();
        if (!message) break;
        take(*message);
    }
    if (!error_ && messages_.broken())
        error_ =
            broken_stream(*context_.provider, "the upstream's event stream is damaged (wrong CRC or length)");
}

void BedrockDecoder::say(std::string_view event) {
    anthropic_.feed(fmt::format("data: {}\n\n", event));
}

void BedrockDecoder::take(const EventStream::Message& message) {
    if (message.header(":message-type") == "exception" || message.header(":message-type") == "error") {
        auto type = message.header(":exception-type");
        if (type.empty()) type = message.header(":error-code");
        error_ = bedrock_exception(type, message.payload, context_);
        return;
    }
    auto root = parse_json(message.payload);
    if (!root || !root->is(JsonKind::Object)) {
        error_ = broken_stream(*context_.provider, "the upstream sent an event that is no JSON object");
        return;
    }
    JsonFields event(*root);
    auto type = message.header(":event-type");
    auto index = event.count("contentBlockIndex");
    auto begin = [&](const std::string& block) {
        open_[index] = true;
        say(fmt::format("{{\"type\":\"content_block_start\",\"index\":{},\"content_block\":{}}}", index,
                        block));
    };
    auto delta = [&](const std::string& json) {
        say(fmt::format("{{\"type\":\"content_block_delta\",\"index\":{},\"delta\":{}}}", index, json));
    };
    if (type == "messageStart") {
        say("{\"type\":\"message_start\",\"message\":{}}");
    } else if (type == "contentBlockStart") {
        if (auto tool = JsonFields(event.find("start")).find("toolUse")) begin(tool_use(JsonFields(*tool)));
    } else if (type == "contentBlockDelta") {
        JsonFields fields(event.find("delta"));
        if (auto text = fields.find("text", JsonKind::String)) {
            if (!open_[index]) begin("{\"type\":\"text\",\"text\":\"\"}");
            delta(JsonObject().raw("type", "\"text_delta\"").raw("text", text->text).str());
        } else if (auto tool = fields.find("toolUse")) {
            delta(JsonObject()
                      .raw("type", "\"input_json_delta\"")
                      .text("partial_json", JsonFields(*tool).text("input"))
                      .str());
        } else if (auto reasoning = fields.find("reasoningContent", JsonKind::Object)) {
            JsonFields inner(*reasoning);
            if (auto redacted = inner.find("redactedContent")) {
                begin(JsonObject().raw("type", "\"redacted_thinking\"").raw("data", redacted->text).str());
                return;
            }
            if (!open_[index]) begin("{\"type\":\"thinking\",\"thinking\":\"\"}");
            if (auto signature = inner.find("signature"))
                delta(
                    JsonObject().raw("type", "\"signature_delta\"").raw("signature", signature->text).str());
            else
                delta(JsonObject()
                          .raw("type", "\"thinking_delta\"")
                          .text("thinking", inner.text("text"))
                          .str());
        }
    } else if (type == "contentBlockStop") {
        say(fmt::format("{{\"type\":\"content_block_stop\",\"index\":{}}}", index));
    } else if (type == "messageStop") {
        stop_reason_ = stop_reason_of(event.text("stopReason"));
    } else if (type == "metadata") {
        finish(usage_of(JsonFields(event.find("usage"))));
    }
}

// The reason to stop comes before the usage, and both end the message.
void BedrockDecoder::finish(const std::string& usage) {
    if (stop_reason_.empty()) return;
    say(JsonObject()
            .raw("type", "\"message_delta\"")
            .raw("delta", JsonObject().text("stop_reason", stop_reason_).str())
            .raw_if("usage", usage)
            .str());
    say("{\"type\":\"message_stop\"}");
    stop_reason_.clear();
}

std::optional<std::string> BedrockDecoder::rest() {
    if (!messages_.pending() && !error_) finish("");
    return anthropic_.next();
}

std::optional<ApiError> BedrockDecoder::error() const {
    return error_ ? error_ : anthropic_.error();
}

}  // namespace seance::litellm
