#include "services/litellm/domain/wires/gemini_request.hpp"

#include <fmt/format.h>

#include <map>

#include "services/litellm/domain/wires/anthropic_request.hpp"
#include "services/litellm/domain/wires/gemini_schema.hpp"

namespace seance::litellm {
namespace {

std::string inline_data(const Part& part) {
    return JsonObject()
        .raw("inlineData", JsonObject().text("mimeType", part.media_type).text("data", part.data).str())
        .str();
}

std::string file_data(const std::string& type, const std::string& uri) {
    return JsonObject()
        .raw("fileData", JsonObject().text_if("mimeType", type).text("fileUri", uri).str())
        .str();
}

// "" for what is empty.
std::string part_of(const Part& part) {
    switch (part.kind) {
        case Part::Kind::Text:
            return part.text.empty() ? std::string() : JsonObject().text("text", part.text).str();
        case Part::Kind::Image:
        case Part::Kind::File:
        case Part::Kind::Audio:
        case Part::Kind::Video:
            if (!part.id.empty()) return file_data(part.media_type, part.id);
            if (part.data.empty())
                return file_data(part.media_type.empty() && part.kind == Part::Kind::Image ? "image/jpeg"
                                                                                           : part.media_type,
                                 part.url);
            return inline_data(part);
        default:
            return part.raw;
    }
}

class Writer {
  public:
    Writer(const OpenAiChat& chat, std::string_view model) : chat_(chat), model_(model) {}

    std::string write() {
        for (auto& turn : chat_.turns) add(turn);
        end_turn();
        if (contents_.empty()) contents_.add("{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]}");
        JsonObject body;
        body.raw("contents", contents_.str());
        if (!system_.empty()) body.raw("systemInstruction", JsonObject().raw("parts", system_.str()).str());
        if (auto config = generation_config(); config != "{}") body.raw("generationConfig", config);
        write_tools(body);
        for (auto& [name, json] : chat_.unknown) {
            auto key = name == "safety_settings"  ? "safetySettings"
                       : name == "cached_content" ? "cachedContent"
                                                  : name;
            body.raw(key, json);
        }
        return body.str();
    }

  private:
    void add(const Turn& turn) {
        if (turn.role == Turn::Role::System) {
            for (auto& part : turn.parts)
                if (auto json = part_of(part); !json.empty()) system_.add(json);
            return;
        }
        bool model = turn.role == Turn::Role::Assistant;
        if (model != model_turn_) end_turn();
        model_turn_ = model;
        if (turn.role == Turn::Role::Tool) return add_result(turn);
        for (auto& part : turn.parts)
            if (auto json = part_of(part); !json.empty()) parts_.add(json);
        for (auto& call : turn.calls) add_call(call);
        if (parts_.empty() && !model) parts_.add("{\"text\":\" \"}");  // an empty turn is refused
    }

    void add_call(const ToolCall& call) {
        names_[call.id] = call.name;
        auto signature = call.signature;
        if (auto at = call.id.find(kSignatureInId); at != std::string::npos && signature.empty())
            signature = call.id.substr(at + kSignatureInId.size());
        parts_.add(
            JsonObject()
                .raw("functionCall", JsonObject().text("name", call.name).raw("args", call.input()).str())
                .text_if("thoughtSignature", signature)
                .str());
    }

    void add_result(const Turn& turn) {
        auto found = names_.find(turn.tool_call_id);
        auto name = found != names_.end() ? found->second : turn.tool_name;
        auto text = turn.text();
        auto value = parse_json(text);
        auto response = value && value->is(JsonKind::Object) ? std::string(value->text)
                                                             : JsonObject().text("content", text).str();
        parts_.add(
            JsonObject()
                .raw("functionResponse", JsonObject().text("name", name).raw("response", response).str())
                .str());
        for (auto& part : turn.parts)
            if (part.kind != Part::Kind::Text)
                if (auto json = part_of(part); !json.empty()) parts_.add(json);
    }

    void end_turn() {
        if (parts_.empty()) return;
        contents_.add(
            JsonObject().text("role", model_turn_ ? "model" : "user").raw("parts", parts_.str()).str());
        parts_ = {};
    }

    std::string generation_config() const {
        JsonObject config;
        config.raw_if("temperature", chat_.temperature)
            .raw_if("topP", chat_.top_p)
            .raw_if("topK", chat_.top_k)
            .raw_if("candidateCount", chat_.n)
            .raw_if("seed", chat_.seed)
            .raw_if("presencePenalty", chat_.presence_penalty)
            .raw_if("frequencyPenalty", chat_.frequency_penalty)
            .raw_if("responseLogprobs", chat_.logprobs)
            .raw_if("logprobs", chat_.top_logprobs);
        if (chat_.max_tokens) config.number("maxOutputTokens", *chat_.max_tokens);
        if (!chat_.stop.empty()) {
            JsonArray list;
            for (auto& text : chat_.stop) list.add_text(text);
            config.raw("stopSequences", list.str());
        }
        if (chat_.format.kind != ResponseFormat::Kind::Text)
            config.raw("responseMimeType", "\"application/json\"");
        if (chat_.format.kind == ResponseFormat::Kind::Schema) {
            bool whole = model_.find("gemini-1") == std::string_view::npos &&
                         model_.find("gemini-2.0") == std::string_view::npos;
            if (whole)
                config.raw("responseJsonSchema", chat_.format.schema);
            else
                config.raw("responseSchema", gemini_schema(chat_.format.schema));
        }
        for (auto& [name, json] : chat_.standard_rest)
            if (name == "modalities") config.raw("responseModalities", modalities(json));
        if (auto thinking = thinking_config(); !thinking.empty()) config.raw("thinkingConfig", thinking);
        return config.str();
    }

    static std::string modalities(const std::string& json) {
        JsonArray list;
        for (auto& one : json_elements(*parse_json(json))) {
            auto name = json_text(one).value_or("");
            for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
            list.add_text(name);
        }
        return list.str();
    }

    std::string thinking_config() const {
        JsonObject config;
        auto budget = [&](std::uint64_t tokens) {
            config.number("thinkingBudget", tokens);
            if (tokens > 0) config.raw("includeThoughts", "true");
        };
        if (auto thinking = parse_json(chat_.thinking)) {
            JsonFields fields(*thinking);
            if (fields.text("type") == "disabled")
                budget(0);
            else if (auto tokens = fields.find("budget_tokens"))
                budget(fields.count("budget_tokens"));
            else
                config.raw("includeThoughts", "true");
        } else if (chat_.effort == "none" || chat_.effort == "disable") {
            budget(0);
        } else if (!chat_.effort.empty()) {
            if (model_.find("gemini-3") != std::string_view::npos) {
                auto low = chat_.effort == "low" || chat_.effort == "minimal";
                auto medium = chat_.effort == "medium" && model_.find("flash") != std::string_view::npos;
                config.text("thinkingLevel", low      ? "low"
                                             : medium ? "medium"
                                                      : "high")
                    .raw("includeThoughts", "true");
            } else {
                budget(thinking_budget(chat_.effort));
            }
        }
        return config.empty() ? std::string() : config.str();
    }

    void write_tools(JsonObject& body) const {
        JsonArray functions, tools;
        for (auto& tool : chat_.tools) {
            if (!tool.raw.empty()) {
                tools.add(tool.raw);
                continue;
            }
            auto schema = tool.schema.empty() ? std::string() : gemini_schema(tool.schema);
            // Gemini refuses an object without properties.
            if (JsonFields properties(json_find(*parse_json(schema.empty() ? "{}" : schema), "properties"));
                properties.members().empty())
                schema.clear();
            functions.add(JsonObject()
                              .text("name", tool.name)
                              .text_if("description", tool.description)
                              .raw_if("parameters", schema)
                              .str());
        }
        if (!functions.empty()) tools.add(JsonObject().raw("functionDeclarations", functions.str()).str());
        if (!chat_.web_search.empty()) tools.add("{\"googleSearch\":{}}");
        if (tools.empty()) return;
        body.raw("tools", tools.str());
        using Mode = ToolChoice::Mode;
        if (functions.empty() || chat_.choice.mode == Mode::Unset) return;
        JsonObject choice;
        choice.text("mode", chat_.choice.mode == Mode::Auto   ? "AUTO"
                            : chat_.choice.mode == Mode::None ? "NONE"
                                                              : "ANY");
        if (chat_.choice.mode == Mode::Named)
            choice.raw("allowedFunctionNames", "[" + json_quote(chat_.choice.name) + "]");
        body.raw("toolConfig", JsonObject().raw("functionCallingConfig", choice.str()).str());
    }

    const OpenAiChat& chat_;
    std::string_view model_;
    JsonArray contents_, system_, parts_;
    bool model_turn_ = false;
    std::map<std::string, std::string> names_;
};

}  // namespace

std::string make_gemini_request(const OpenAiChat& chat, std::string_view model) {
    return Writer(chat, model).write();
}

std::vector<std::string> unsupported_by_gemini(const OpenAiChat& chat) {
    std::vector<std::string> names;
    if (!chat.logit_bias.empty()) names.emplace_back("logit_bias");
    for (auto& [name, json] : chat.standard_rest)
        if (name == "prediction" || name == "audio" || name == "verbosity") names.push_back(name);
    return names;
}

}  // namespace seance::litellm
