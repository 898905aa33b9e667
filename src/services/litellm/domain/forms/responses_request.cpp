#include "services/litellm/domain/forms/responses_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "services/litellm/domain/json_build.hpp"

namespace seance::litellm {
namespace {

// What a chat has no place for, or another name.
constexpr std::string_view kOwn[] = {"input",
                                     "instructions",
                                     "max_output_tokens",
                                     "tools",
                                     "tool_choice",
                                     "text",
                                     "reasoning",
                                     "store",
                                     "include",
                                     "truncation",
                                     "previous_response_id",
                                     "background",
                                     "conversation",
                                     "prompt",
                                     "max_tool_calls",
                                     "metadata",
                                     "model",
                                     "stream_options"};

ApiError cannot(std::string_view what, std::string_view parameter) {
    return bad_request(
        fmt::format("litellm.UnsupportedParamsError: {} works with models of openai and azure alone, "
                    "which run it themselves",
                    what),
        std::string(parameter));
}

class Translator {
  public:
    Translator(const JsonValue& root, std::string_view before) : fields_(root), messages_(before) {}

    Answer<ResponsesChat> translate() {
        if (fields_.is_true("background")) return cannot("background", "background");
        if (fields_.find("conversation")) return cannot("conversation", "conversation");
        if (fields_.find("prompt")) return cannot("prompt", "prompt");
        auto input = *fields_.find("input");
        if (input.is(JsonKind::String)) {
            add_message("user", input.text);
            input_ = fmt::format("{{\"type\":\"message\",\"role\":\"user\",\"content\":{}}}", input.text);
        } else {
            for (auto& item : json_elements(input)) {
                input_ += (input_.empty() ? "" : ",") + std::string(item.text);
                if (auto problem = add_item(item)) return *problem;
            }
            end_calls();
        }
        JsonObject body;
        body.raw_if("model", fields_.find("model"));
        std::string all = messages_;
        if (auto instructions = fields_.find("instructions", JsonKind::String))
            all = fmt::format("{{\"role\":\"system\",\"content\":{}}}{}{}", instructions->text,
                              all.empty() ? "" : ",", all);
        body.raw("messages", "[" + all + "]");
        body.raw_if("max_tokens", fields_.find("max_output_tokens"));
        if (auto problem = add_tools(body)) return *problem;
        add_text(body);
        if (auto effort = JsonFields(fields_.find("reasoning")).find("effort", JsonKind::String))
            body.raw("reasoning_effort", effort->text);
        for (auto& member : fields_.members())
            if (std::find(std::begin(kOwn), std::end(kOwn), member.key) == std::end(kOwn))
                body.raw(member.key, member.value.text);
        return ResponsesChat{body.str(), std::move(messages_), std::move(input_)};
    }

  private:
    void add(const std::string& message) { messages_ += (messages_.empty() ? "" : ",") + message; }
    void add_message(std::string_view role, std::string_view content) {
        end_calls();
        add(JsonObject().text("role", role).raw("content", content).str());
    }

    // Calls that follow one another are of one turn.
    void end_calls() {
        if (calls_.empty()) return;
        add(JsonObject()
                .raw("role", "\"assistant\"")
                .raw("content", "null")
                .raw("tool_calls", calls_.str())
                .str());
        calls_ = {};
    }

    static std::string part_of(const JsonValue& value) {
        JsonFields part(value);
        auto type = part.text("type");
        if (type == "input_image") {
            JsonObject image;
            image.text("url", part.text("image_url").empty() ? part.text("file_id") : part.text("image_url"));
            image.raw_if("detail", part.find("detail"));
            return JsonObject().raw("type", "\"image_url\"").raw("image_url", image.str()).str();
        }
        if (type == "input_file") {
            JsonObject file;
            for (auto key : {"filename", "file_data", "file_id"}) file.raw_if(key, part.find(key));
            if (auto url = part.find("file_url")) file.raw("file_id", url->text);
            return JsonObject().raw("type", "\"file\"").raw("file", file.str()).str();
        }
        if (type == "input_audio") return std::string(value.text);
        auto text = part.find(type == "refusal" ? "refusal" : "text", JsonKind::String);
        return JsonObject().raw("type", "\"text\"").raw("text", text ? text->text : "\"\"").str();
    }

    // One text alone is a string, which every upstream takes.
    static std::string content_of(const std::optional<JsonValue>& content) {
        if (!content) return "\"\"";
        if (!content->is(JsonKind::Array)) return std::string(content->text);
        auto parts = json_elements(*content);
        std::string joined;
        bool plain = true;
        JsonArray list;
        for (auto& part : parts) {
            JsonFields fields(part);
            auto type = fields.text("type");
            plain = plain && (type == "input_text" || type == "output_text" || type == "text");
            joined += fields.text("text");
            list.add(part_of(part));
        }
        return plain ? json_quote(joined) : list.str();
    }

    std::optional<ApiError> add_item(const JsonValue& value) {
        if (!value.is(JsonKind::Object)) return bad_request("an item of input must be an object", "input");
        JsonFields item(value);
        auto type = item.text("type");
        if (type == "message" || (type.empty() && item.find("role"))) {
            auto role = item.text("role");
            add_message(role == "developer" ? "system" : role, content_of(item.find("content")));
        } else if (type == "function_call") {
            calls_.add(JsonObject()
                           .text("id", item.text("call_id"))
                           .raw("type", "\"function\"")
                           .raw("function", JsonObject()
                                                .text("name", item.text("name"))
                                                .text("arguments", item.text("arguments"))
                                                .str())
                           .str());
        } else if (type == "function_call_output") {
            end_calls();
            add(JsonObject()
                    .raw("role", "\"tool\"")
                    .text("tool_call_id", item.text("call_id"))
                    .raw("content", content_of(item.find("output")))
                    .str());
        } else if (type != "reasoning") {
            return cannot(fmt::format("an input item of type \"{}\"", type.substr(0, 50)), "input");
        }
        return std::nullopt;
    }

    std::optional<ApiError> add_tools(JsonObject& body) const {
        JsonArray tools;
        for (auto& value : fields_.list("tools")) {
            JsonFields tool(value);
            auto type = tool.text("type");
            if (type.starts_with("web_search")) {
                body.raw("web_search_options", "{}");
                continue;
            }
            if (type != "function")
                return cannot(fmt::format("a tool of type \"{}\"", type.substr(0, 50)), "tools");
            JsonObject function;
            for (auto key : {"name", "description", "parameters", "strict"})
                function.raw_if(key, tool.find(key));
            tools.add(JsonObject().raw("type", "\"function\"").raw("function", function.str()).str());
        }
        if (tools.empty()) return std::nullopt;
        body.raw("tools", tools.str());
        auto choice = fields_.find("tool_choice");
        if (choice && choice->is(JsonKind::String)) body.raw("tool_choice", choice->text);
        if (auto name = JsonFields(choice).text("name"); !name.empty())
            body.raw("tool_choice",
                     fmt::format("{{\"type\":\"function\",\"function\":{{\"name\":{}}}}}", json_quote(name)));
        return std::nullopt;
    }

    void add_text(JsonObject& body) const {
        JsonFields text(fields_.find("text"));
        body.raw_if("verbosity", text.find("verbosity"));
        JsonFields format(text.find("format"));
        auto type = format.text("type");
        if (type == "json_object") body.raw("response_format", "{\"type\":\"json_object\"}");
        if (type != "json_schema") return;
        JsonObject schema;
        for (auto key : {"name", "description", "schema", "strict"}) schema.raw_if(key, format.find(key));
        body.raw("response_format",
                 JsonObject().raw("type", "\"json_schema\"").raw("json_schema", schema.str()).str());
    }

    JsonFields fields_;
    std::string messages_, input_;
    JsonArray calls_;
};

}  // namespace

Answer<ResponsesChat> responses_to_chat(const JsonValue& root, std::string_view before) {
    return Translator(root, before).translate();
}

}  // namespace seance::litellm
