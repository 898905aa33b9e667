#include "services/litellm/domain/legacy_functions.hpp"

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

// The first of the calls; in a stream, what a piece adds to it.
std::optional<std::string> first_function(const JsonValue& calls) {
    for (auto& call : json_elements(calls)) {
        if (!call.is(JsonKind::Object)) continue;
        auto index = json_find(call, "index");
        auto function = json_find(call, "function");
        if ((index && index->text != "0") || !function) continue;
        return std::string(function->text);
    }
    return std::nullopt;
}

std::string changed_part(const JsonValue& part) {
    JsonEdit edit(part);
    auto calls = edit.find("tool_calls");
    if (!calls || !calls->is(JsonKind::Array)) return std::string(part.text);
    edit.remove("tool_calls");
    if (auto function = first_function(*calls)) edit.set("function_call", std::move(*function));
    return edit.text();
}

std::string changed_choice(const JsonValue& choice, std::string_view part) {
    if (!choice.is(JsonKind::Object)) return std::string(choice.text);
    JsonEdit edit(choice);
    if (auto inner = edit.find(part); inner && inner->is(JsonKind::Object))
        edit.set(part, changed_part(*inner));
    if (json_text(edit.find("finish_reason")) == "tool_calls") edit.set("finish_reason", "\"function_call\"");
    return edit.text();
}

class FunctionsStream final : public ClientStream {
  public:
    explicit FunctionsStream(std::unique_ptr<ClientStream> client) : client_(std::move(client)) {}

    void chunk(std::string_view json, std::string& out) override {
        client_->chunk(tools_to_functions(json, "delta"), out);
    }
    void done(std::string& out) override { client_->done(out); }
    std::string error_event(const ApiError& error) const override { return client_->error_event(error); }

  private:
    std::unique_ptr<ClientStream> client_;
};

}  // namespace

bool speaks_of_functions(const JsonValue& request) {
    if (request.text.find("\"functions\"") == std::string_view::npos) return false;  // bodies are large
    bool functions = false;
    for (auto& member : json_members(request)) {
        if (member.key == "tools" && member.value.is(JsonKind::Array)) return false;
        functions = functions || (member.key == "functions" && member.value.is(JsonKind::Array));
    }
    return functions;
}

std::string tools_to_functions(std::string_view json, std::string_view part) {
    auto root = parse_json(json);
    if (!root || !root->is(JsonKind::Object)) return std::string(json);
    JsonEdit edit(*root);
    auto choices = edit.find("choices");
    if (!choices || !choices->is(JsonKind::Array)) return std::string(json);
    JsonArray changed;
    for (auto& choice : json_elements(*choices)) changed.add(changed_choice(choice, part));
    edit.set("choices", changed.str());
    return edit.text();
}

std::unique_ptr<ClientStream> make_functions_stream(std::unique_ptr<ClientStream> client) {
    return std::make_unique<FunctionsStream>(std::move(client));
}

}  // namespace seance::litellm
