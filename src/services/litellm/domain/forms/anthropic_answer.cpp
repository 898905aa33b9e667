#include "services/litellm/domain/forms/anthropic_answer.hpp"

#include <fmt/format.h>

namespace seance::litellm {
namespace {

std::string_view stop_reason_of(std::string_view finish) {
    if (finish == "length") return "max_tokens";
    if (finish == "tool_calls" || finish == "function_call") return "tool_use";
    if (finish == "content_filter") return "refusal";
    return "end_turn";
}

std::string usage_of(const std::optional<JsonValue>& openai) {
    auto usage = read_usage(openai).value_or(Usage{});
    auto fresh = usage.prompt - std::min(usage.prompt, usage.cached + usage.cache_creation);
    return JsonObject()
        .number("input_tokens", fresh)
        .number("cache_creation_input_tokens", usage.cache_creation)
        .number("cache_read_input_tokens", usage.cached)
        .number("output_tokens", usage.completion)
        .str();
}

std::string message_id(const AnswerContext& context) {
    auto id = std::string_view(context.id);
    auto dash = id.find('-');
    return fmt::format("msg_{}", dash == std::string_view::npos ? id : id.substr(dash + 1));
}

std::string event(std::string_view type, const std::string& data) {
    return fmt::format("event: {}\ndata: {}\n\n", type, data);
}

std::string original(const ToolNames& names, const std::string& name) {
    auto found = names.find(name);
    return found == names.end() ? name : found->second;
}

std::string input_of(std::string_view arguments) {
    auto value = parse_json(arguments);
    return value && value->is(JsonKind::Object) ? std::string(value->text) : std::string("{}");
}

std::string tool_use(const std::string& id, const std::string& name, const std::string& input) {
    return JsonObject()
        .raw("type", "\"tool_use\"")
        .text("id", id)
        .text("name", name)
        .raw("input", input)
        .str();
}

std::string type_of(const ApiError& error) {
    switch (error.status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 408:
            return "timeout_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 503:
        case 529:
            return "overloaded_error";
        default:
            return error.status >= 500 ? "api_error" : "invalid_request_error";
    }
}

}  // namespace

std::string anthropic_error_json(const ApiError& error) {
    return fmt::format("{{\"type\":\"error\",\"error\":{{\"type\":\"{}\",\"message\":{}}}}}", type_of(error),
                       json_quote(error.message));
}

std::string openai_to_anthropic(std::string_view completion, const ToolNames& names,
                                const AnswerContext& context) {
    auto root = parse_json(completion);
    JsonFields fields(*root);
    auto choices = fields.list("choices");
    JsonFields choice(choices.empty() ? std::nullopt : std::optional(choices.front()));
    JsonFields message(choice.find("message"));
    JsonArray content;
    auto blocks = message.list("thinking_blocks");
    for (auto& block : blocks) content.add(block.text);
    if (auto reasoning = message.text("reasoning_content"); blocks.empty() && !reasoning.empty())
        content.add(JsonObject()
                        .raw("type", "\"thinking\"")
                        .text("thinking", reasoning)
                        .raw("signature", "\"\"")
                        .str());
    auto text = message.text("content");
    if (auto parts = message.find("content", JsonKind::Array))
        for (auto& part : json_elements(*parts)) text += JsonFields(part).text("text");
    if (text.empty()) text = message.text("refusal");
    if (!text.empty()) content.add(JsonObject().raw("type", "\"text\"").text("text", text).str());
    bool called = false;
    for (auto& value : message.list("tool_calls")) {
        JsonFields call(value);
        JsonFields function(call.find("function"));
        content.add(tool_use(call.text("id"), original(names, function.text("name")),
                             input_of(function.text("arguments"))));
        called = true;
    }
    auto reason = stop_reason_of(choice.text("finish_reason"));
    if (called && reason == "end_turn") reason = "tool_use";
    return JsonObject()
        .text("id", message_id(context))
        .raw("type", "\"message\"")
        .raw("role", "\"assistant\"")
        .raw_if("model", fields.find("model"))
        .raw("content", content.str())
        .text("stop_reason", reason)
        .raw("stop_sequence", "null")
        .raw("usage", usage_of(fields.find("usage")))
        .str();
}

void AnthropicClientStream::begin(std::string& out) {
    if (std::exchange(begun_, true)) return;
    out += event(
        "message_start",
        fmt::format("{{\"type\":\"message_start\",\"message\":{{\"id\":{},\"type\":\"message\",\"role\":"
                    "\"assistant\",\"model\":{},\"content\":[],\"stop_reason\":null,\"stop_sequence\":"
                    "null,\"usage\":{{\"input_tokens\":0,\"output_tokens\":0}}}}}}",
                    json_quote(message_id(context_)), json_quote(context_.model)));
}

void AnthropicClientStream::chunk(std::string_view json, std::string& out) {
    auto root = parse_json(json);
    JsonFields fields(*root);
    if (auto usage = fields.find("usage"))
        usage_ = usage_with_cost(usage_of(usage), read_usage(usage).value_or(Usage{}), context_);
    begin(out);
    for (auto& value : fields.list("choices")) {
        JsonFields choice(value);
        if (choice.count("index") != 0) continue;
        JsonFields delta(choice.find("delta"));
        take_thinking(delta, out);
        auto text = delta.text("content");
        if (text.empty()) text = delta.text("refusal");
        if (!text.empty()) block_for(Block::Kind::Text).waiting += text;
        take_calls(delta, out);
        if (auto finish = choice.text("finish_reason"); !finish.empty()) finish_ = finish;
        move_on(out, false);
    }
}

// The block that such text goes to: the last one, or a new one after it.
AnthropicClientStream::Block& AnthropicClientStream::block_for(Block::Kind kind) {
    if (blocks_.empty() || blocks_.back().kind != kind) blocks_.push_back({kind});
    return blocks_.back();
}

void AnthropicClientStream::take_thinking(const JsonFields& delta, std::string&) {
    auto reasoning = delta.text("reasoning_content");
    if (!reasoning.empty()) {
        reasoned_ = true;
        block_for(Block::Kind::Thinking).waiting += reasoning;
    }
    for (auto& value : delta.list("thinking_blocks")) {
        JsonFields block(value);
        if (block.text("type") == "redacted_thinking") {
            blocks_.push_back({Block::Kind::Whole});
            blocks_.back().waiting = value.text;
            continue;
        }
        // The text itself came as reasoning_content, unless the upstream sends only blocks.
        auto& thinking = block_for(Block::Kind::Thinking);
        if (!reasoned_) thinking.waiting += block.text("thinking");
        thinking.signature += block.text("signature");
    }
}

void AnthropicClientStream::take_calls(const JsonFields& delta, std::string&) {
    for (auto& value : delta.list("tool_calls")) {
        JsonFields call(value);
        JsonFields function(call.find("function"));
        auto at = call.find("index");
        auto index = at ? std::string(at->text) : std::string("0");
        if (closed_tools_.count(index) > 0) continue;  // complete already: nothing can be added
        Block* block = nullptr;
        for (auto& one : blocks_)
            if (one.kind == Block::Kind::Tool && one.tool == index) block = &one;
        if (!block) {
            blocks_.push_back({Block::Kind::Tool, index});
            block = &blocks_.back();
        }
        if (block->id.empty()) block->id = call.text("id");
        if (block->name.empty()) block->name = original(names_, function.text("name"));
        auto arguments = function.text("arguments");
        block->waiting += arguments;
        block->arguments += arguments;
    }
}

bool AnthropicClientStream::is_complete(const Block& block) {
    if (block.kind != Block::Kind::Tool) return true;
    return block.arguments.ends_with('}') && parse_json(block.arguments).has_value();
}

// Sends what the first block holds, and goes on to the next when the first is complete and others wait.
void AnthropicClientStream::move_on(std::string& out, bool ending) {
    while (!blocks_.empty()) {
        auto& first = blocks_.front();
        if (!open_) open(first, out);
        flush(first, out);
        if (!ending && (blocks_.size() == 1 || !is_complete(first))) return;
        close(first, out);
        blocks_.pop_front();
    }
}

void AnthropicClientStream::open(Block& block, std::string& out) {
    open_ = true;
    std::string content;
    switch (block.kind) {
        case Block::Kind::Text:
            content = "{\"type\":\"text\",\"text\":\"\"}";
            break;
        case Block::Kind::Thinking:
            content = "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}";
            break;
        case Block::Kind::Tool:
            content = tool_use(
                block.id.empty() ? fmt::format("toolu_{}_{}", message_id(context_), index_) : block.id,
                block.name, "{}");
            break;
        case Block::Kind::Whole:
            content = std::exchange(block.waiting, {});
            break;
    }
    out += event("content_block_start",
                 fmt::format("{{\"type\":\"content_block_start\",\"index\":{},\"content_block\":{}}}", index_,
                             content));
}

void AnthropicClientStream::flush(Block& block, std::string& out) {
    if (block.waiting.empty()) return;
    auto [type, key] = block.kind == Block::Kind::Text       ? std::pair("text_delta", "text")
                       : block.kind == Block::Kind::Thinking ? std::pair("thinking_delta", "thinking")
                                                             : std::pair("input_json_delta", "partial_json");
    out +=
        event("content_block_delta",
              fmt::format(
                  "{{\"type\":\"content_block_delta\",\"index\":{},\"delta\":{{\"type\":\"{}\",\"{}\":{}}}}}",
                  index_, type, key, json_quote(block.waiting)));
    block.waiting.clear();
}

void AnthropicClientStream::close(Block& block, std::string& out) {
    if (!block.signature.empty())
        out += event(
            "content_block_delta",
            fmt::format("{{\"type\":\"content_block_delta\",\"index\":{},\"delta\":{{\"type\":\"signature_"
                        "delta\",\"signature\":{}}}}}",
                        index_, json_quote(block.signature)));
    out +=
        event("content_block_stop", fmt::format("{{\"type\":\"content_block_stop\",\"index\":{}}}", index_));
    if (block.kind == Block::Kind::Tool) closed_tools_[block.tool] = true;
    open_ = false;
    ++index_;
}

void AnthropicClientStream::done(std::string& out) {
    begin(out);
    move_on(out, true);
    auto reason = stop_reason_of(finish_);
    if (reason == "end_turn" && !closed_tools_.empty()) reason = "tool_use";
    out +=
        event("message_delta",
              fmt::format(
                  "{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{}\",\"stop_sequence\":null}},"
                  "\"usage\":{}}}",
                  reason, usage_));
    out += event("message_stop", "{\"type\":\"message_stop\"}");
}

std::string AnthropicClientStream::error_event(const ApiError& error) const {
    return event("error", anthropic_error_json(error));
}

}  // namespace seance::litellm
