#include "services/litellm/domain/forms/anthropic_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostName = 64;

// Keys of Anthropic's own that have no place, or another name, on the other side.
constexpr std::string_view kOwn[] = {
    "messages", "system",      "metadata",           "stop_sequences", "top_k",         "tools",
    "stream",   "tool_choice", "thinking",           "service_tier",   "container",     "mcp_servers",
    "betas",    "max_tokens",  "context_management", "output_format",  "output_config", "cache_control"};

class Translator {
  public:
    Translator(const JsonValue& root, const FromAnthropic& options) : fields_(root), options_(options) {}

    OpenAiRequest translate() {
        add_system();
        for (auto& message : fields_.list("messages")) add_message(message);
        JsonObject body;
        body.raw_if("model", fields_.find("model"));
        body.raw("messages", messages_.str());
        body.raw_if(options_.max_completion_tokens ? "max_completion_tokens" : "max_tokens",
                    fields_.find("max_tokens"));
        body.raw_if("stop", fields_.find("stop_sequences", JsonKind::Array));
        if (options_.rich) body.raw_if("top_k", fields_.find("top_k"));
        add_tools(body);
        add_thinking(body);
        add_format(body);
        auto user = JsonFields(fields_.find("metadata")).text("user_id");
        if (options_.most_user > 0 && user.size() > options_.most_user) {
            user.resize(options_.most_user);
            while (!is_utf8(user)) user.pop_back();
        }
        body.text_if("user", user);
        if (fields_.is_true("stream"))
            body.raw("stream", "true").raw("stream_options", "{\"include_usage\":true}");
        for (auto& member : fields_.members())
            if (member.key != "model" &&
                std::find(std::begin(kOwn), std::end(kOwn), member.key) == std::end(kOwn))
                body.raw(member.key, member.value.text);
        return {body.str(), std::move(long_names_)};
    }

  private:
    std::string name_of(const std::string& name) {
        auto made = short_tool_name(name);
        if (made != name) long_names_[made] = name;
        return made;
    }

    static std::string message(std::string_view role, std::string_view content) {
        return JsonObject().text("role", role).raw("content", content).str();
    }

    std::string text_part(const JsonFields& block) const {
        JsonObject part;
        part.raw("type", "\"text\"").text("text", block.text("text"));
        if (options_.rich) part.raw_if("cache_control", block.find("cache_control"));
        return part.str();
    }

    bool is_marked(const JsonFields& block) const {
        return options_.rich && block.find("cache_control").has_value();
    }

    // One text alone is a string, as the simplest upstreams want it.
    std::string content_of(const std::vector<std::string>& parts, const std::vector<std::string>& texts,
                           bool marked) const {
        if (!marked && parts.size() == 1 && texts.size() == 1) return json_quote(texts[0]);
        JsonArray list;
        for (auto& part : parts) list.add(part);
        return list.str();
    }

    void add_system() {
        auto system = fields_.find("system");
        if (!system) return;
        if (system->is(JsonKind::String)) {
            if (system->text != "\"\"") messages_.add(message("system", system->text));
            return;
        }
        std::vector<std::string> parts;
        std::string joined;
        bool marked = false;
        for (auto& element : json_elements(*system)) {
            JsonFields block(element);
            if (block.text("text").empty()) continue;
            parts.push_back(text_part(block));
            joined += (joined.empty() ? "" : "\n") + block.text("text");
            marked = marked || is_marked(block);
        }
        if (parts.empty()) return;
        // Without marks the blocks are one text.
        messages_.add(message("system", marked ? content_of(parts, {}, true) : json_quote(joined)));
    }

    std::string image_part(const JsonFields& source) const {
        auto url = source.text("type") == "url"
                       ? source.text("url")
                       : fmt::format("data:{};base64,{}", source.text("media_type"), source.text("data"));
        return JsonObject()
            .raw("type", "\"image_url\"")
            .raw("image_url", JsonObject().text("url", url).str())
            .str();
    }

    std::string document_part(const JsonFields& block) const {
        JsonFields source(block.find("source"));
        auto type = source.text("type");
        if (type == "text")
            return JsonObject().raw("type", "\"text\"").text("text", source.text("data")).str();
        JsonObject file;
        auto title = block.text("title");
        file.text("filename", title.empty() ? "document.pdf" : title);
        if (type == "base64")
            file.text("file_data",
                      fmt::format("data:{};base64,{}", source.text("media_type"), source.text("data")));
        else
            file.text("file_id", source.text(type == "url" ? "url" : "file_id"));
        return JsonObject().raw("type", "\"file\"").raw("file", file.str()).str();
    }

    // "" for a block that has no equivalent.
    std::string part_of(const JsonFields& block) const {
        auto type = block.text("type");
        if (type == "text") return text_part(block);
        if (type == "image") return image_part(JsonFields(block.find("source")));
        if (type == "document") return document_part(block);
        return "";
    }

    void add_result(const JsonFields& block) {
        bool failed = block.is_true("is_error");
        std::vector<std::string> parts, texts;
        auto content = block.find("content");
        if (content && content->is(JsonKind::String)) {
            texts.push_back(*json_text(*content));
            parts.push_back(JsonObject().raw("type", "\"text\"").raw("text", content->text).str());
        } else if (content) {
            for (auto& element : json_elements(*content)) {
                JsonFields inner(element);
                auto part = part_of(inner);
                if (part.empty()) continue;
                parts.push_back(std::move(part));
                if (inner.text("type") == "text") texts.push_back(inner.text("text"));
            }
        }
        std::string json;
        if (parts.empty())
            json = failed ? "\"Error\"" : "\"\"";
        else if (parts.size() == 1 && texts.size() == 1)
            json = json_quote((failed ? "Error: " : "") + texts[0]);
        else {
            JsonArray list;
            if (failed) list.add("{\"type\":\"text\",\"text\":\"Error:\"}");
            for (auto& part : parts) list.add(part);
            json = list.str();
        }
        JsonObject result;
        result.raw("role", "\"tool\"").text("tool_call_id", block.text("tool_use_id")).raw("content", json);
        if (options_.rich) result.raw_if("cache_control", block.find("cache_control"));
        messages_.add(result.str());
    }

    void add_message(const JsonValue& value) {
        JsonFields fields(value);
        auto role = fields.text("role");
        auto content = fields.find("content");
        if (!content) content = JsonValue{"\"\"", JsonKind::String};
        if (content->is(JsonKind::String)) {
            messages_.add(message(role, content->text));
            return;
        }
        auto blocks = json_elements(*content);
        if (role == "assistant") return add_assistant(blocks);
        // Results answer the turn before, so they come first.
        std::vector<std::string> parts, texts;
        bool marked = false;
        for (auto& element : blocks) {
            JsonFields block(element);
            if (block.text("type") == "tool_result") {
                add_result(block);
                continue;
            }
            auto part = part_of(block);
            if (part.empty()) continue;
            parts.push_back(std::move(part));
            if (block.text("type") == "text") texts.push_back(block.text("text"));
            marked = marked || is_marked(block);
        }
        if (!parts.empty()) messages_.add(message(role, content_of(parts, texts, marked)));
    }

    void add_assistant(const std::vector<JsonValue>& blocks) {
        std::string text, reasoning;
        std::vector<std::string> parts;
        bool marked = false;
        JsonArray calls, thinking;
        for (auto& element : blocks) {
            JsonFields block(element);
            auto type = block.text("type");
            if (type == "text") {
                text += block.text("text");
                parts.push_back(text_part(block));
                marked = marked || is_marked(block);
            } else if (type == "tool_use") {
                auto input = block.find("input");
                calls.add(JsonObject()
                              .text("id", block.text("id"))
                              .raw("type", "\"function\"")
                              .raw("function", JsonObject()
                                                   .text("name", name_of(block.text("name")))
                                                   .text("arguments", input ? input->text : "{}")
                                                   .str())
                              .str());
            } else if (type == "thinking" || type == "redacted_thinking") {
                thinking.add(element.text);
                reasoning += block.text("thinking");
            }
        }
        if (text.empty() && calls.empty() && (thinking.empty() || !options_.rich)) return;
        JsonObject message;
        message.raw("role", "\"assistant\"");
        message.raw("content", text.empty() ? "null"
                               : marked     ? content_of(parts, {}, true)
                                            : json_quote(text));
        if (!calls.empty()) message.raw("tool_calls", calls.str());
        if (!thinking.empty() && options_.rich) message.raw("thinking_blocks", thinking.str());
        if (options_.reasoning_content) message.text_if("reasoning_content", reasoning);
        messages_.add(message.str());
    }

    void add_tools(JsonObject& body) {
        JsonArray tools;
        for (auto& value : fields_.list("tools")) {
            JsonFields tool(value);
            auto schema = tool.find("input_schema");
            if (!schema) {
                // A tool that Anthropic itself would run.
                if (options_.web_search && tool.text("type").starts_with("web_search"))
                    body.raw("web_search_options", "{}");
                continue;
            }
            JsonObject function;
            function.text("name", name_of(tool.text("name")))
                .text_if("description", tool.text("description"))
                .raw("parameters", schema->text);
            JsonObject entry;
            entry.raw("type", "\"function\"").raw("function", function.str());
            if (options_.rich) entry.raw_if("cache_control", tool.find("cache_control"));
            tools.add(entry.str());
        }
        if (tools.empty()) return;
        body.raw("tools", tools.str());
        JsonFields choice(fields_.find("tool_choice"));
        auto type = choice.text("type");
        if (type == "auto" || type == "none") body.text("tool_choice", type);
        if (type == "any") body.text("tool_choice", "required");
        if (type == "tool")
            body.raw("tool_choice", fmt::format("{{\"type\":\"function\",\"function\":{{\"name\":{}}}}}",
                                                json_quote(name_of(choice.text("name")))));
        if (choice.is_true("disable_parallel_tool_use")) body.raw("parallel_tool_calls", "false");
    }

    void add_thinking(JsonObject& body) const {
        auto thinking = fields_.find("thinking", JsonKind::Object);
        JsonFields fields(thinking);
        auto type = fields.text("type");
        auto effort = JsonFields(fields_.find("output_config")).text("effort");
        if (options_.rich && type == "enabled") {
            body.raw("thinking", thinking->text);
        } else if (type == "enabled") {
            auto budget = fields.count("budget_tokens");
            body.text("reasoning_effort", budget >= 10000  ? "high"
                                          : budget >= 5000 ? "medium"
                                          : budget >= 2000 ? "low"
                                                           : "minimal");
        } else if (type == "adaptive") {
            body.text("reasoning_effort", effort.empty() ? "medium" : effort == "max" ? "high" : effort);
        }
    }

    void add_format(JsonObject& body) const {
        JsonFields format(fields_.find("output_format"));
        if (format.members().empty())
            format = JsonFields(JsonFields(fields_.find("output_config")).find("format"));
        auto schema = format.find("schema", JsonKind::Object);
        if (format.text("type") != "json_schema" || !schema) return;
        body.raw("response_format",
                 fmt::format("{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"answer\",\"schema\":{},"
                             "\"strict\":true}}}}",
                             schema->text));
    }

    JsonFields fields_;
    const FromAnthropic& options_;
    JsonArray messages_;
    std::map<std::string, std::string> long_names_;
};

}  // namespace

OpenAiRequest anthropic_to_openai(const JsonValue& root, const FromAnthropic& options) {
    return Translator(root, options).translate();
}

std::string short_tool_name(const std::string& name) {
    if (name.size() <= kMostName) return name;
    return name.substr(0, kMostName - 9) + "_" + sha256_hex(name).substr(0, 8);
}

}  // namespace seance::litellm
