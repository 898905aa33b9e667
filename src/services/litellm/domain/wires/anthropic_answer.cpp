#include "services/litellm/domain/wires/anthropic_answer.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/wires/anthropic_request.hpp"

namespace seance::litellm {

void AnthropicUsage::update(const std::optional<JsonValue>& usage) {
    if (!usage) return;
    JsonFields fields(usage);
    auto set = [&](std::string_view key, std::uint64_t& into) {
        if (fields.find(key)) into = fields.count(key);
    };
    set("input_tokens", input);
    set("output_tokens", output);
    set("cache_read_input_tokens", cache_read);
    set("cache_creation_input_tokens", cache_creation);
}

Usage AnthropicUsage::usage() const {
    return {.prompt = input + cache_read + cache_creation,
            .completion = output,
            .cached = cache_read,
            .cache_creation = cache_creation};
}

std::string AnthropicUsage::openai_json() const {
    auto all = usage();
    JsonObject json;
    json.number("prompt_tokens", all.prompt)
        .number("completion_tokens", all.completion)
        .number("total_tokens", all.prompt + all.completion)
        .raw("prompt_tokens_details", JsonObject()
                                          .number("cached_tokens", cache_read)
                                          .number("cache_creation_tokens", cache_creation)
                                          .str());
    if (cache_read > 0 || cache_creation > 0)
        json.number("cache_creation_input_tokens", cache_creation)
            .number("cache_read_input_tokens", cache_read);
    return json.str();
}

std::string_view finish_of_stop_reason(std::string_view word) {
    if (word == "max_tokens" || word == "model_context_window_exceeded") return "length";
    if (word == "tool_use") return "tool_calls";
    if (word == "refusal") return "content_filter";
    return "stop";  // end_turn, stop_sequence, pause_turn
}

int status_of_anthropic_type(std::string_view type) {
    for (auto& [name, status] : {std::pair<std::string_view, int>{"invalid_request_error", 400},
                                 {"authentication_error", 401},
                                 {"billing_error", 402},
                                 {"permission_error", 403},
                                 {"not_found_error", 404},
                                 {"timeout_error", 408},
                                 {"request_too_large", 413},
                                 {"rate_limit_error", 429},
                                 {"overloaded_error", 529}})
        if (type == name) return status;
    return 500;
}

ApiError anthropic_error(std::string_view body, const AnswerContext& context) {
    auto root = parse_json(body);
    auto type = root ? json_text(json_find(*root, {"error", "type"})).value_or("") : "";
    return upstream_error(*context.provider, status_of_anthropic_type(type), body, context.key);
}

Answer<std::string> anthropic_to_completion(std::string_view body, bool json_tool,
                                            const AnswerContext& context) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object)) return std::string(body);  // refused as no completion
    JsonFields fields(*root);
    if (fields.text("type") == "error") return anthropic_error(body, context);
    if (!fields.find("content", JsonKind::Array)) return std::string(body);

    std::string text, reasoning, json_answer;
    bool answered_in_json = false;
    JsonArray calls, thinking, citations;
    for (auto& value : fields.list("content")) {
        JsonFields block(value);
        auto type = block.text("type");
        if (type == "text") {
            text += block.text("text");
            for (auto& citation : block.list("citations")) citations.add(citation.text);
        } else if (type == "thinking") {
            reasoning += block.text("thinking");
            thinking.add(value.text);
        } else if (type == "redacted_thinking") {
            thinking.add(value.text);
        } else if (type == "tool_use") {
            auto input = block.find("input");
            auto arguments = input ? std::string(input->text) : std::string("{}");
            if (json_tool && block.text("name") == kJsonTool) {
                answered_in_json = true;
                json_answer = arguments;
                continue;
            }
            calls.add(
                JsonObject()
                    .text("id", block.text("id"))
                    .raw("type", "\"function\"")
                    .raw("function",
                         JsonObject().text("name", block.text("name")).text("arguments", arguments).str())
                    .str());
        }
    }
    if (answered_in_json) text = json_answer;
    JsonObject message;
    message.raw("role", "\"assistant\"");
    message.raw("content", text.empty() && !calls.empty() ? "null" : json_quote(text));
    if (!calls.empty()) message.raw("tool_calls", calls.str());
    message.text_if("reasoning_content", reasoning);
    if (!thinking.empty()) message.raw("thinking_blocks", thinking.str());
    if (!citations.empty())
        message.raw("provider_specific_fields", JsonObject().raw("citations", citations.str()).str());

    auto finish = finish_of_stop_reason(fields.text("stop_reason"));
    if (answered_in_json && calls.empty()) finish = "stop";
    AnthropicUsage usage;
    usage.update(fields.find("usage"));
    return JsonObject()
        .raw("object", "\"chat.completion\"")
        .raw("choices", "[" +
                            JsonObject()
                                .raw("index", "0")
                                .text("finish_reason", finish)
                                .raw("message", message.str())
                                .str() +
                            "]")
        .raw("usage", usage.openai_json())
        .str();
}

void AnthropicDecoder::take(const std::string& data) {
    auto root = parse_json(data);
    if (!root || !root->is(JsonKind::Object))
        return fail(broken_stream(*context_.provider, "the upstream sent an event that is no JSON object"));
    if (ended_) return;
    JsonFields event(*root);
    auto type = event.text("type");
    if (type == "message_start") {
        usage_.update(JsonFields(event.find("message")).find("usage"));
        push_delta("{\"role\":\"assistant\",\"content\":\"\"}");
    } else if (type == "content_block_start") {
        begin_block(event);
    } else if (type == "content_block_delta") {
        take_delta(event);
    } else if (type == "content_block_stop") {
        end_block(event);
    } else if (type == "message_delta") {
        usage_.update(event.find("usage"));
        auto reason = JsonFields(event.find("delta")).text("stop_reason");
        if (reason.empty()) return;
        auto finish = finish_of_stop_reason(reason);
        if (json_tool_ && finish == "tool_calls" && tools_ == 0) finish = "stop";
        push_delta("{}", json_quote(finish));
        push_usage(usage_.openai_json());
    } else if (type == "message_stop") {
        ended_ = true;
        push_done();
    } else if (type == "error") {
        fail(anthropic_error(data, context_));
    }  // ping, and what is not known yet
}

void AnthropicDecoder::begin_block(const JsonFields& event) {
    JsonFields content(event.find("content_block"));
    auto& block = blocks_[event.count("index")];
    auto type = content.text("type");
    if (type == "text") {
        block.kind = Block::Kind::Text;
        if (auto text = content.text("text"); !text.empty())
            push_delta(JsonObject().text("content", text).str());
    } else if (type == "thinking") {
        block.kind = Block::Kind::Thinking;
    } else if (type == "redacted_thinking") {
        push_delta(JsonObject()
                       .raw("thinking_blocks", fmt::format("[{}]", event.find("content_block")->text))
                       .str());
    } else if (type == "tool_use") {
        if (auto input = content.find("input"); input && !json_members(*input).empty())
            block.input = input->text;
        if (json_tool_ && content.text("name") == kJsonTool) {
            block.kind = Block::Kind::JsonTool;
            return;
        }
        block.kind = Block::Kind::Tool;
        block.tool = tools_++;
        push_delta(
            fmt::format("{{\"tool_calls\":[{{\"index\":{},\"id\":{},\"type\":\"function\",\"function\":"
                        "{{\"name\":{},\"arguments\":\"\"}}}}]}}",
                        block.tool, json_quote(content.text("id")), json_quote(content.text("name"))));
    }
}

void AnthropicDecoder::push_arguments(Block& block, std::string_view literal) {
    if (literal == "\"\"") return;
    block.arguments = true;
    if (block.kind == Block::Kind::JsonTool)
        push_delta(fmt::format("{{\"content\":{}}}", literal));
    else
        push_delta(fmt::format("{{\"tool_calls\":[{{\"index\":{},\"function\":{{\"arguments\":{}}}}}]}}",
                               block.tool, literal));
}

void AnthropicDecoder::take_delta(const JsonFields& event) {
    auto found = blocks_.find(event.count("index"));
    if (found == blocks_.end()) return;
    auto& block = found->second;
    JsonFields delta(event.find("delta"));
    auto type = delta.text("type");
    auto literal = [&](std::string_view key) {
        auto value = delta.find(key, JsonKind::String);
        return value ? value->text : std::string_view("\"\"");
    };
    if (type == "text_delta") {
        push_delta(fmt::format("{{\"content\":{}}}", literal("text")));
    } else if (type == "thinking_delta") {
        block.thinking += delta.text("thinking");
        push_delta(fmt::format("{{\"reasoning_content\":{}}}", literal("thinking")));
    } else if (type == "signature_delta") {
        block.signature += delta.text("signature");
    } else if (type == "input_json_delta" &&
               (block.kind == Block::Kind::Tool || block.kind == Block::Kind::JsonTool)) {
        push_arguments(block, literal("partial_json"));
    } else if (type == "citations_delta") {
        if (auto citation = delta.find("citation"))
            push_delta(fmt::format("{{\"provider_specific_fields\":{{\"citation\":{}}}}}", citation->text));
    }
}

void AnthropicDecoder::end_block(const JsonFields& event) {
    auto found = blocks_.find(event.count("index"));
    if (found == blocks_.end()) return;
    auto& block = found->second;
    bool tool = block.kind == Block::Kind::Tool || block.kind == Block::Kind::JsonTool;
    // A call without arguments is complete all the same.
    if (tool && !block.arguments) push_arguments(block, json_quote(block.input.empty() ? "{}" : block.input));
    if (block.kind == Block::Kind::Thinking)
        push_delta(JsonObject()
                       .raw("thinking_blocks", "[" +
                                                   JsonObject()
                                                       .raw("type", "\"thinking\"")
                                                       .text("thinking", block.thinking)
                                                       .text("signature", block.signature)
                                                       .str() +
                                                   "]")
                       .str());
    blocks_.erase(found);
}

}  // namespace seance::litellm
