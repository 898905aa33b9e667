#include "services/litellm/domain/wires/bedrock_request.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "services/litellm/domain/wires/anthropic_request.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kCachePoint = "{\"cachePoint\":{\"type\":\"default\"}}";

bool takes_effort(std::string_view model) {
    return model.find("gpt-oss") != std::string_view::npos;
}

// "image/jpeg" → jpeg, as Bedrock names formats.
std::string format_of(std::string_view media_type) {
    auto name = media_type.substr(media_type.find('/') + 1);
    if (name == "plain") return "txt";
    if (name == "markdown") return "md";
    if (name == "jpg") return "jpeg";
    if (name == "msword") return "doc";
    if (name.ends_with("wordprocessingml.document")) return "docx";
    if (name.ends_with("spreadsheetml.sheet")) return "xlsx";
    return std::string(name);
}

// Bedrock takes letters, digits, single spaces, hyphens and brackets.
std::string document_name(std::string name) {
    for (char& c : name) {
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '(' || c == ')' || c == '[' || c == ']';
        if (!fine) c = '-';
    }
    return name.empty() ? "document" : name;
}

class Writer {
  public:
    Writer(const OpenAiChat& chat, std::string_view model, bool modify)
        : chat_(chat), model_(model), modify_(modify) {}

    Answer<BedrockRequest> write() {
        for (auto& turn : chat_.turns)
            if (auto problem = add(turn)) return *problem;
        end_turn();
        JsonObject body;
        body.raw("messages", messages_.str());
        if (!system_.empty()) body.raw("system", system_.str());
        request_.json_tool = chat_.format.kind != ResponseFormat::Kind::Text;
        plan_thinking();
        write_inference(body);
        write_tools(body);
        JsonObject more;
        more.raw_if("top_k", chat_.top_k).raw_if("thinking", thinking_);
        if (takes_effort(model_)) more.text_if("reasoning_effort", chat_.effort);
        for (auto& [name, json] : chat_.unknown) {
            bool own = name == "guardrailConfig" || name == "performanceConfig" ||
                       name == "requestMetadata" || name == "promptVariables" ||
                       name == "additionalModelResponseFieldPaths";
            (own ? body : more).raw(name, json);
        }
        if (!more.empty()) body.raw("additionalModelRequestFields", more.str());
        request_.body = body.str();
        return std::move(request_);
    }

  private:
    static Answer<std::string> block_of(const Part& part) {
        if (part.kind == Part::Kind::Text)
            return trim(part.text).empty() ? std::string() : JsonObject().text("text", part.text).str();
        if (part.kind == Part::Kind::Other) return part.raw;
        if (part.kind == Part::Kind::Audio) return std::string();  // only if it may be dropped
        JsonObject source;
        if (part.url.starts_with("s3://"))
            source.raw("s3Location", JsonObject().text("uri", part.url).str());
        else if (!part.data.empty())
            source.text("bytes", part.data);
        else
            return bad_request(
                fmt::format(
                    "litellm.BadRequestError: Bedrock fetches no addresses: send the {} as a data URL "
                    "(data:<type>;base64,<data>) or an s3:// address",
                    part.kind == Part::Kind::Image ? "image" : "file"),
                "messages");
        JsonObject block;
        block.text("format", format_of(part.media_type.empty() ? "image/png" : part.media_type));
        bool image = part.kind == Part::Kind::Image || part.media_type.starts_with("image/");
        if (part.kind == Part::Kind::File && !image) {
            auto dot = part.name.rfind('.');
            block.text("name", document_name(part.name.substr(0, dot)));
        }
        block.raw("source", source.str());
        return JsonObject()
            .raw(part.kind == Part::Kind::Video ? "video"
                 : image                        ? "image"
                                                : "document",
                 block.str())
            .str();
    }

    std::optional<ApiError> add(const Turn& turn) {
        if (turn.role == Turn::Role::System) {
            for (auto& part : turn.parts) {
                if (trim(part.text).empty()) continue;
                system_.add(JsonObject().text("text", part.text).str());
                if (!part.cache_control.empty()) system_.add(kCachePoint);
            }
            if (!turn.cache_control.empty()) system_.add(kCachePoint);
            return std::nullopt;
        }
        bool assistant = turn.role == Turn::Role::Assistant;
        if (assistant != assistant_) end_turn();
        assistant_ = assistant;
        if (turn.role == Turn::Role::Tool) return add_result(turn);
        for (auto& block : turn.thinking_blocks) add_thinking(block);
        for (auto& part : turn.parts) {
            auto block = block_of(part);
            if (!block) return block.error();
            if (!block->empty()) content_.push_back(std::move(*block));
            if (!part.cache_control.empty()) content_.emplace_back(kCachePoint);
        }
        for (auto& call : turn.calls) {
            has_calls_ = true;
            if (!chat_.find_tool(call.name)) unknown_tools_.push_back(call.name);
            content_.push_back(JsonObject()
                                   .raw("toolUse", JsonObject()
                                                       .text("toolUseId", call.id)
                                                       .text("name", call.name)
                                                       .raw("input", call.input())
                                                       .str())
                                   .str());
        }
        if (!turn.cache_control.empty()) content_.emplace_back(kCachePoint);
        return std::nullopt;
    }

    void add_thinking(const std::string& json) {
        JsonFields block(parse_json(json));
        if (block.text("type") == "redacted_thinking") {
            content_.push_back(
                JsonObject()
                    .raw("reasoningContent", JsonObject().text("redactedContent", block.text("data")).str())
                    .str());
            return;
        }
        auto text = JsonObject()
                        .text("text", block.text("thinking"))
                        .text_if("signature", block.text("signature"))
                        .str();
        content_.push_back(
            JsonObject().raw("reasoningContent", JsonObject().raw("reasoningText", text).str()).str());
    }

    std::optional<ApiError> add_result(const Turn& turn) {
        JsonArray content;
        for (auto& part : turn.parts) {
            auto block = block_of(part);
            if (!block) return block.error();
            if (!block->empty()) content.add(*block);
        }
        if (content.empty()) content.add("{\"text\":\"(no output)\"}");  // blank is refused
        // Results answer the turn before, so they come before what the user says.
        results_.push_back(
            JsonObject()
                .raw("toolResult",
                     JsonObject().text("toolUseId", turn.tool_call_id).raw("content", content.str()).str())
                .str());
        if (!turn.cache_control.empty()) results_.emplace_back(kCachePoint);
        return std::nullopt;
    }

    void end_turn() {
        if (results_.empty() && content_.empty()) return;
        if (modify_ && messages_.empty() && assistant_)
            messages_.add("{\"role\":\"user\",\"content\":[{\"text\":\".\"}]}");
        JsonArray content;
        for (auto& block : results_) content.add(block);
        for (auto& block : content_) content.add(block);
        messages_.add(
            JsonObject().text("role", assistant_ ? "assistant" : "user").raw("content", content.str()).str());
        results_.clear();
        content_.clear();
    }

    void plan_thinking() {
        max_tokens_ = chat_.max_tokens;
        if (!is_claude(model_)) return;
        thinking_ = chat_.thinking;
        if (thinking_.empty())
            if (auto budget = thinking_budget(chat_.effort))
                thinking_ = JsonObject().text("type", "enabled").number("budget_tokens", budget).str();
        JsonFields fields(parse_json(thinking_));
        if (fields.text("type") == "disabled") thinking_.clear();
        if (thinking_.empty()) return;
        auto budget = fields.count("budget_tokens");
        if (max_tokens_.value_or(0) <= budget) max_tokens_ = budget + max_tokens_.value_or(4096);
    }

    void write_inference(JsonObject& body) const {
        JsonObject config;
        if (max_tokens_) config.number("maxTokens", *max_tokens_);
        if (thinking_.empty()) {
            bool warm = is_claude(model_) && json_number(parse_json(chat_.temperature)).value_or(0) > 1;
            config.raw_if("temperature", warm ? "1" : chat_.temperature);
        }
        config.raw_if("topP", chat_.top_p);
        if (!chat_.stop.empty()) {
            JsonArray list;
            for (auto& text : chat_.stop) list.add_text(text);
            config.raw("stopSequences", list.str());
        }
        if (!config.empty()) body.raw("inferenceConfig", config.str());
    }

    static std::string tool_spec(std::string_view name, std::string_view description,
                                 std::string_view schema) {
        auto json = schema.empty() ? "{\"type\":\"object\",\"properties\":{}}" : schema;
        return JsonObject()
            .raw("toolSpec", JsonObject()
                                 .text("name", name)
                                 .text("description", description.empty() ? name : description)
                                 .raw("inputSchema", JsonObject().raw("json", json).str())
                                 .str())
            .str();
    }

    void write_tools(JsonObject& body) const {
        using Mode = ToolChoice::Mode;
        auto mode = chat_.choice.mode;
        JsonArray tools;
        // There is no choice of none: without past calls the tools can be left out.
        if (mode != Mode::None || has_calls_)
            for (auto& tool : chat_.tools) {
                if (!tool.raw.empty()) {
                    tools.add(tool.raw);
                    continue;
                }
                tools.add(tool_spec(tool.name, tool.description, tool.schema));
                if (!tool.cache_control.empty()) tools.add(kCachePoint);
            }
        bool others = !tools.empty();
        if (request_.json_tool)
            tools.add(tool_spec(kJsonTool, "Give the answer to the user as this tool's input.",
                                chat_.format.schema.empty() ? "{\"type\":\"object\"}" : chat_.format.schema));
        // Past calls of tools that are offered no more are refused without their names.
        if (modify_)
            for (auto& name : unknown_tools_) tools.add(tool_spec(name, "No longer offered.", ""));
        if (tools.empty()) return;
        JsonObject config;
        config.raw("tools", tools.str());
        if (request_.json_tool && mode != Mode::Named && thinking_.empty())
            config.raw("toolChoice",
                       others ? "{\"any\":{}}" : fmt::format("{{\"tool\":{{\"name\":\"{}\"}}}}", kJsonTool));
        else if (mode == Mode::Auto)
            config.raw("toolChoice", "{\"auto\":{}}");
        else if (mode == Mode::Required)
            config.raw("toolChoice", "{\"any\":{}}");
        else if (mode == Mode::Named)
            config.raw("toolChoice",
                       fmt::format("{{\"tool\":{{\"name\":{}}}}}", json_quote(chat_.choice.name)));
        body.raw("toolConfig", config.str());
    }

    const OpenAiChat& chat_;
    std::string_view model_;
    bool modify_;
    BedrockRequest request_;
    JsonArray messages_, system_;
    bool assistant_ = false, has_calls_ = false;
    std::vector<std::string> results_, content_, unknown_tools_;
    std::optional<std::uint64_t> max_tokens_;
    std::string thinking_;
};

}  // namespace

bool is_claude(std::string_view model) {
    return model.find("claude") != std::string_view::npos ||
           model.find("anthropic") != std::string_view::npos;
}

Answer<BedrockRequest> make_bedrock_request(const OpenAiChat& chat, std::string_view model, bool modify) {
    return Writer(chat, model, modify).write();
}

std::vector<std::string> unsupported_by_bedrock(const OpenAiChat& chat, std::string_view model) {
    auto names = unsupported_by_anthropic(chat);
    if (!chat.web_search.empty()) names.emplace_back("web_search_options");
    if (!chat.effort.empty() && chat.effort != "none" && !is_claude(model) && !takes_effort(model))
        names.emplace_back("reasoning_effort");
    return names;
}

}  // namespace seance::litellm
