#include "services/litellm/domain/wires/anthropic_request.hpp"

#include <fmt/format.h>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kLeastThinking = 1024;

std::string with_mark(std::string_view block, const std::string& cache_control) {
    if (cache_control.empty()) return std::string(block);
    auto root = parse_json(block);
    if (!root || !root->is(JsonKind::Object)) return std::string(block);
    if (json_find(*root, "cache_control")) return std::string(block);
    std::string out(block);
    out.pop_back();
    return out + ",\"cache_control\":" + cache_control + "}";
}

std::string text_block(std::string_view text, const std::string& cache_control = "") {
    return JsonObject().text("type", "text").text("text", text).raw_if("cache_control", cache_control).str();
}

std::string source_of(const Part& part) {
    if (!part.id.empty()) return JsonObject().text("type", "file").text("file_id", part.id).str();
    if (!part.url.empty()) return JsonObject().text("type", "url").text("url", part.url).str();
    if (part.media_type.starts_with("text/"))
        if (auto text = base64_decode(part.data); text && is_utf8(*text))
            return JsonObject()
                .text("type", "text")
                .text("media_type", "text/plain")
                .text("data", *text)
                .str();
    return JsonObject()
        .text("type", "base64")
        .text("media_type", part.media_type)
        .text("data", part.data)
        .str();
}

// "" for an empty text, which Anthropic refuses.
std::string block_of(const Part& part) {
    switch (part.kind) {
        case Part::Kind::Text:
            return part.text.empty() ? std::string() : text_block(part.text, part.cache_control);
        case Part::Kind::Image:
            return JsonObject()
                .text("type", "image")
                .raw("source", source_of(part))
                .raw_if("cache_control", part.cache_control)
                .str();
        case Part::Kind::File:
            return JsonObject()
                .text("type", part.media_type.starts_with("image/") ? "image" : "document")
                .raw("source", source_of(part))
                .text_if("title", part.name)
                .raw_if("cache_control", part.cache_control)
                .str();
        case Part::Kind::Audio:
        case Part::Kind::Video:
            return "";  // only if it may be dropped
        default:
            return part.raw;  // blocks of Anthropic's own pass; of others it says so itself
    }
}

// One turn of Anthropic's conversation while it is put together.
struct Draft {
    bool assistant = false;
    std::vector<std::string> results, blocks;  // a user's results stand first
    bool has_thinking = false, has_tools = false;
};

class Writer {
  public:
    Writer(const OpenAiChat& chat, const AnthropicOptions& options) : chat_(chat), options_(options) {}

    AnthropicRequest write() {
        for (auto& turn : chat_.turns) add(turn);
        JsonObject body;
        body.text("model", options_.model);
        plan_thinking();
        plan_format();
        if (options_.modify && (drafts_.empty() || drafts_.front().assistant))
            drafts_.insert(drafts_.begin(), Draft{false, {}, {text_block(".")}});
        body.raw("messages", messages());
        if (!system_.empty()) body.raw("system", system_.str());
        body.number("max_tokens", max_tokens_);
        if (thinking_.empty() && !chat_.temperature.empty()) {
            auto warm = json_number(parse_json(chat_.temperature)).value_or(0) > 1;
            body.raw("temperature", warm ? "1" : chat_.temperature);
        }
        body.raw_if("top_p", chat_.top_p);
        if (thinking_.empty()) body.raw_if("top_k", chat_.top_k);
        write_stop(body);
        write_tools(body);
        body.raw_if("thinking", thinking_);
        body.raw_if("output_format", output_format_);
        write_user(body);
        if (options_.stream) body.raw("stream", "true");
        for (auto& [name, json] : chat_.unknown) body.raw(name, json);
        for (auto& [name, json] : chat_.standard_rest)
            if (name == "service_tier" && json == "\"auto\"") body.raw(name, json);
        request_.body = body.str();
        return std::move(request_);
    }

  private:
    void add(const Turn& turn) {
        if (turn.role == Turn::Role::System) {
            for (auto& block : blocks_of(turn)) system_.add(block);
            return;
        }
        bool assistant = turn.role == Turn::Role::Assistant;
        std::vector<std::string> blocks;
        std::string result;
        if (turn.role == Turn::Role::Tool) {
            result = result_of(turn);
        } else {
            if (assistant) blocks = turn.thinking_blocks;
            for (auto& block : blocks_of(turn)) blocks.push_back(std::move(block));
            for (auto& call : turn.calls)
                blocks.push_back(JsonObject()
                                     .text("type", "tool_use")
                                     .text("id", call.id)
                                     .text("name", call.name)
                                     .raw("input", call.input())
                                     .str());
            if (blocks.empty()) return;
            if (!turn.calls.empty() || turn.parts.empty())
                blocks.back() = with_mark(blocks.back(), turn.cache_control);
        }
        if (drafts_.empty() || drafts_.back().assistant != assistant)
            drafts_.push_back(Draft{assistant, {}, {}});
        auto& draft = drafts_.back();
        if (!result.empty()) draft.results.push_back(std::move(result));
        for (auto& block : blocks) draft.blocks.push_back(std::move(block));
        draft.has_thinking = draft.has_thinking || !turn.thinking_blocks.empty();
        draft.has_tools = draft.has_tools || !turn.calls.empty();
    }

    static std::vector<std::string> blocks_of(const Turn& turn) {
        std::vector<std::string> blocks;
        for (auto& part : turn.parts)
            if (auto block = block_of(part); !block.empty()) blocks.push_back(std::move(block));
        if (!blocks.empty() && turn.calls.empty())
            blocks.back() = with_mark(blocks.back(), turn.cache_control);
        return blocks;
    }

    static std::string result_of(const Turn& turn) {
        JsonObject result;
        result.text("type", "tool_result").text("tool_use_id", turn.tool_call_id);
        bool plain = true;
        for (auto& part : turn.parts)
            plain = plain && part.kind == Part::Kind::Text && part.cache_control.empty();
        if (plain) {
            result.text("content", turn.text());
        } else {
            JsonArray content;
            for (auto& part : turn.parts)
                if (auto block = block_of(part); !block.empty()) content.add(block);
            result.raw("content", content.str());
        }
        return result.raw_if("cache_control", turn.cache_control).str();
    }

    std::string messages() {
        JsonArray messages;
        for (std::size_t i = 0; i < drafts_.size(); ++i) {
            auto& draft = drafts_[i];
            if (draft.assistant && i + 1 == drafts_.size()) trim_end(draft.blocks.back());
            JsonArray content;
            for (auto& block : draft.results) content.add(block);
            for (auto& block : draft.blocks) content.add(block);
            messages.add(JsonObject()
                             .text("role", draft.assistant ? "assistant" : "user")
                             .raw("content", content.str())
                             .str());
        }
        return messages.str();
    }

    // The text that the model is to go on with must not end in white space.
    static void trim_end(std::string& block) {
        auto root = parse_json(block);
        JsonFields fields(*root);
        if (fields.text("type") != "text") return;
        auto text = fields.text("text");
        auto end = text.find_last_not_of(" \t\r\n");
        if (end == std::string::npos || end + 1 == text.size()) return;
        auto mark = fields.find("cache_control");
        block = text_block(text.substr(0, end + 1), mark ? std::string(mark->text) : "");
    }

    void plan_thinking() {
        max_tokens_ = chat_.max_tokens.value_or(options_.default_max_tokens);
        thinking_ = chat_.thinking;
        if (thinking_.empty())
            if (auto budget = thinking_budget(chat_.effort))
                thinking_ = JsonObject().text("type", "enabled").number("budget_tokens", budget).str();
        if (thinking_.empty()) return;
        auto parsed = parse_json(thinking_);
        JsonFields fields(parsed);
        if (fields.text("type") == "disabled") {
            thinking_.clear();
            return;
        }
        // Anthropic refuses to think on after a tool's turn whose thinking is lost.
        if (options_.modify && !drafts_.empty()) {
            for (auto i = drafts_.size(); i-- > 0;) {
                if (!drafts_[i].assistant) continue;
                if (drafts_[i].has_tools && !drafts_[i].has_thinking) thinking_.clear();
                break;
            }
            if (thinking_.empty()) return;
        }
        auto budget = fields.count("budget_tokens");
        if (max_tokens_ <= budget) max_tokens_ += budget;
    }

    // Models that take a schema themselves; for others a tool stands for it.
    bool knows_schemas() const {
        for (std::string_view family : {"sonnet-4-5", "opus-4-1", "opus-4-5", "haiku-4-5", "sonnet-4-6",
                                        "opus-4-6", "sonnet-5", "opus-5", "haiku-5"})
            if (options_.model.find(family) != std::string::npos) return true;
        return false;
    }

    void plan_format() {
        if (chat_.format.kind == ResponseFormat::Kind::Text) return;
        if (chat_.format.kind == ResponseFormat::Kind::Schema && knows_schemas()) {
            output_format_ =
                JsonObject().text("type", "json_schema").raw("schema", chat_.format.schema).str();
            request_.betas.emplace_back("structured-outputs-2025-11-13");
            return;
        }
        request_.json_tool = true;
    }

    void write_stop(JsonObject& body) const {
        if (chat_.stop.empty()) return;
        JsonArray list;
        for (auto& text : chat_.stop) list.add_text(text);
        body.raw("stop_sequences", list.str());
    }

    void write_tools(JsonObject& body) const {
        JsonArray tools;
        for (auto& tool : chat_.tools) {
            if (!tool.raw.empty()) {
                tools.add(tool.raw);
                continue;
            }
            tools.add(JsonObject()
                          .text("name", tool.name)
                          .text_if("description", tool.description)
                          .raw("input_schema", schema_of(tool.schema))
                          .raw_if("cache_control", tool.cache_control)
                          .str());
        }
        if (!chat_.web_search.empty())
            tools.add(JsonObject().text("type", "web_search_20250305").text("name", "web_search").str());
        bool others = !tools.empty();
        if (request_.json_tool)
            tools.add(JsonObject()
                          .text("name", kJsonTool)
                          .text("description", "Give the answer to the user as this tool's input.")
                          .raw("input_schema", schema_of(chat_.format.schema))
                          .str());
        if (tools.empty()) return;
        body.raw("tools", tools.str());

        using Mode = ToolChoice::Mode;
        JsonObject choice;
        auto mode = chat_.choice.mode;
        // With thinking on no tool can be forced.
        if (request_.json_tool && mode != Mode::Named && thinking_.empty()) {
            if (others && mode != Mode::None)
                choice.text("type", "any");
            else
                choice.text("type", "tool").text("name", kJsonTool);
        } else if (mode == Mode::Auto || (mode == Mode::Unset && chat_.parallel_tools == false)) {
            choice.text("type", "auto");
        } else if (mode == Mode::Required) {
            choice.text("type", "any");
        } else if (mode == Mode::None) {
            choice.text("type", "none");
        } else if (mode == Mode::Named) {
            choice.text("type", "tool").text("name", chat_.choice.name);
        }
        if (chat_.parallel_tools == false && mode != Mode::None)
            choice.raw("disable_parallel_tool_use", "true");
        if (!choice.empty()) body.raw("tool_choice", choice.str());
    }

    static std::string schema_of(const std::string& schema) {
        auto root = parse_json(schema);
        if (!root) return "{\"type\":\"object\",\"properties\":{}}";
        if (json_find(*root, "type")) return schema;
        JsonObject object;
        object.raw("type", "\"object\"");
        for (auto& member : json_members(*root)) object.raw(member.key, member.value.text);
        return object.str();
    }

    // Not what names a person: providers ask for an opaque id.
    void write_user(JsonObject& body) const {
        auto& user = chat_.user;
        bool phone = !user.empty() && user.find_first_not_of("+0123456789 -()") == std::string::npos &&
                     user.size() >= 7;
        if (user.empty() || user.find('@') != std::string::npos || phone) return;
        body.raw("metadata", JsonObject().text("user_id", user).str());
    }

    const OpenAiChat& chat_;
    const AnthropicOptions& options_;
    AnthropicRequest request_;
    JsonArray system_;
    std::vector<Draft> drafts_;
    std::uint64_t max_tokens_ = 0;
    std::string thinking_, output_format_;
};

}  // namespace

AnthropicRequest make_anthropic_request(const OpenAiChat& chat, const AnthropicOptions& options) {
    return Writer(chat, options).write();
}

std::vector<std::string> unsupported_by_anthropic(const OpenAiChat& chat) {
    std::vector<std::string> names;
    for (auto& [name, value] : {std::pair{"n", &chat.n},
                                {"seed", &chat.seed},
                                {"presence_penalty", &chat.presence_penalty},
                                {"frequency_penalty", &chat.frequency_penalty},
                                {"logprobs", &chat.logprobs},
                                {"top_logprobs", &chat.top_logprobs},
                                {"logit_bias", &chat.logit_bias}})
        if (!value->empty()) names.emplace_back(name);
    for (auto& [name, json] : chat.standard_rest) {
        bool harmless = name == "service_tier" || name == "store" || name == "prompt_cache_key" ||
                        name == "safety_identifier" || (name == "modalities" && json == "[\"text\"]");
        if (!harmless) names.push_back(name);
    }
    for (auto& turn : chat.turns)
        for (auto& part : turn.parts)
            if (part.kind == Part::Kind::Audio || part.kind == Part::Kind::Video)
                names.push_back(fmt::format("messages[].content[].{}", part.type));
    return names;
}

std::uint64_t thinking_budget(std::string_view effort) {
    if (effort == "low" || effort == "minimal") return kLeastThinking;
    if (effort == "medium") return 2048;
    if (effort == "high" || effort == "xhigh" || effort == "max") return 4096;
    return 0;
}

}  // namespace seance::litellm
