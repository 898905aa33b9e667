#include "services/litellm/domain/wires/ollama_wire.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/upstream_body.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostLine = 32 << 20;

// Of a request's own parameters those that stand beside `options`.
constexpr std::string_view kBesideOptions[] = {"keep_alive", "think",  "template", "system",
                                               "raw",        "suffix", "context"};

Answer<std::string> images_of(const Turn& turn) {
    JsonArray images;
    for (auto& part : turn.parts) {
        if (part.kind == Part::Kind::Text) continue;
        if (part.kind != Part::Kind::Image || part.data.empty())
            return bad_request(
                "litellm.BadRequestError: Ollama takes text and images alone, and images as data URLs "
                "(data:<type>;base64,<data>)",
                "messages");
        images.add_text(part.data);
    }
    return images.empty() ? std::string() : images.str();
}

std::string options_of(const OpenAiChat& chat) {
    JsonObject options;
    if (chat.max_tokens) options.number("num_predict", *chat.max_tokens);
    options.raw_if("temperature", chat.temperature)
        .raw_if("top_p", chat.top_p)
        .raw_if("top_k", chat.top_k)
        .raw_if("seed", chat.seed)
        .raw_if("frequency_penalty", chat.frequency_penalty)
        .raw_if("presence_penalty", chat.presence_penalty);
    if (!chat.stop.empty()) {
        JsonArray list;
        for (auto& text : chat.stop) list.add_text(text);
        options.raw("stop", list.str());
    }
    for (auto& [name, json] : chat.unknown)
        if (std::find(std::begin(kBesideOptions), std::end(kBesideOptions), name) ==
                std::end(kBesideOptions) &&
            name != "options" && name != "format")
            options.raw(name, json);
    return options.empty() ? std::string() : options.str();
}

void write_rest(const OpenAiChat& chat, std::string_view model, JsonObject& body) {
    if (chat.format.kind == ResponseFormat::Kind::Object) body.raw("format", "\"json\"");
    if (chat.format.kind == ResponseFormat::Kind::Schema) body.raw("format", chat.format.schema);
    bool thinks = false;
    for (auto& [name, json] : chat.unknown) {
        bool beside =
            std::find(std::begin(kBesideOptions), std::end(kBesideOptions), name) != std::end(kBesideOptions);
        if (beside || (name == "format" && chat.format.kind == ResponseFormat::Kind::Text))
            body.raw(name, json);
        thinks = thinks || name == "think";
    }
    if (!chat.effort.empty() && !thinks) {
        if (model.find("gpt-oss") != std::string_view::npos && chat.effort != "none")
            body.text("think", chat.effort == "minimal" ? "low" : chat.effort);
        else
            body.raw("think", chat.effort == "none" ? "false" : "true");
    }
    body.raw_if("options", options_of(chat));
}

std::string calls_of(const Turn& turn) {
    JsonArray calls;
    for (auto& call : turn.calls)
        calls.add(
            JsonObject()
                .raw("function", JsonObject().text("name", call.name).raw("arguments", call.input()).str())
                .str());
    return calls.empty() ? std::string() : calls.str();
}

std::string name_of_call(const OpenAiChat& chat, std::string_view id) {
    for (auto& turn : chat.turns)
        for (auto& call : turn.calls)
            if (call.id == id) return call.name;
    return "";
}

std::string usage_of(const JsonFields& fields) {
    auto prompt = fields.count("prompt_eval_count"), completion = fields.count("eval_count");
    return JsonObject()
        .number("prompt_tokens", prompt)
        .number("completion_tokens", completion)
        .number("total_tokens", prompt + completion)
        .str();
}

// The text, thinking and calls of a line or a whole answer, of a chat as of a generated text.
void write_content(const JsonFields& fields, bool numbered, int& calls, JsonObject& out) {
    JsonFields message(fields.find("message"));
    auto text = message.find("content", JsonKind::String);
    if (!text) text = fields.find("response", JsonKind::String);
    auto thinking = message.text("thinking");
    if (thinking.empty()) thinking = fields.text("thinking");
    JsonArray list;
    for (auto& value : message.list("tool_calls")) {
        JsonFields function(JsonFields(value).find("function"));
        auto arguments = function.find("arguments");
        JsonObject call;
        if (numbered) call.number("index", static_cast<std::uint64_t>(calls));
        call.text("id", "call_" + random_id()).raw("type", "\"function\"");
        call.raw("function",
                 JsonObject()
                     .text("name", function.text("name"))
                     .text("arguments", !arguments                        ? "{}"
                                        : arguments->is(JsonKind::String) ? *json_text(*arguments)
                                                                          : std::string(arguments->text))
                     .str());
        list.add(call.str());
        ++calls;
    }
    if (text && (!numbered || text->text != "\"\""))
        out.raw("content", text->text == "\"\"" && !list.empty() ? "null" : text->text);
    out.text_if("reasoning_content", thinking);
    if (!list.empty()) out.raw("tool_calls", list.str());
}

std::string_view finish_of(const JsonFields& fields, int calls) {
    if (fields.text("done_reason") == "length") return "length";
    return calls > 0 ? "tool_calls" : "stop";
}

}  // namespace

Answer<std::string> make_ollama_chat(const OpenAiChat& chat, std::string_view model, bool stream) {
    JsonArray messages;
    for (auto& turn : chat.turns) {
        auto images = images_of(turn);
        if (!images) return images.error();
        auto role = turn.role == Turn::Role::System      ? "system"
                    : turn.role == Turn::Role::Assistant ? "assistant"
                    : turn.role == Turn::Role::Tool      ? "tool"
                                                         : "user";
        JsonObject message;
        message.text("role", role).text("content", turn.text()).raw_if("images", *images);
        message.raw_if("tool_calls", calls_of(turn));
        if (turn.role == Turn::Role::Tool)
            message.text_if("tool_name", name_of_call(chat, turn.tool_call_id));
        messages.add(message.str());
    }
    JsonObject body;
    body.text("model", model).raw("messages", messages.str()).raw("stream", stream ? "true" : "false");
    JsonArray tools;
    if (chat.choice.mode != ToolChoice::Mode::None)
        for (auto& tool : chat.tools) {
            if (!tool.raw.empty()) continue;
            tools.add(
                JsonObject()
                    .raw("type", "\"function\"")
                    .raw("function", JsonObject()
                                         .text("name", tool.name)
                                         .text("description", tool.description)
                                         .raw("parameters", tool.schema.empty()
                                                                ? "{\"type\":\"object\",\"properties\":{}}"
                                                                : tool.schema)
                                         .str())
                    .str());
        }
    if (!tools.empty()) body.raw("tools", tools.str());
    write_rest(chat, model, body);
    return body.str();
}

Answer<std::string> make_ollama_prompt(const OpenAiChat& chat, std::string_view model, bool stream) {
    std::string prompt;
    std::string images;
    for (auto& turn : chat.turns) {
        auto own = images_of(turn);
        if (!own) return own.error();
        if (!own->empty()) images = *own;
        auto role = turn.role == Turn::Role::System      ? "System"
                    : turn.role == Turn::Role::Assistant ? "Assistant"
                                                         : "User";
        if (auto text = turn.text(); !text.empty()) prompt += fmt::format("### {}:\n{}\n\n", role, text);
    }
    JsonObject body;
    body.text("model", model).text("prompt", prompt).raw("stream", stream ? "true" : "false");
    body.raw_if("images", images);
    write_rest(chat, model, body);
    return body.str();
}

std::vector<std::string> unsupported_by_ollama(const OpenAiChat& chat) {
    std::vector<std::string> names;
    for (auto& [name, value] : {std::pair{"n", &chat.n},
                                {"logprobs", &chat.logprobs},
                                {"top_logprobs", &chat.top_logprobs},
                                {"logit_bias", &chat.logit_bias},
                                {"web_search_options", &chat.web_search}})
        if (!value->empty()) names.emplace_back(name);
    if (chat.choice.mode == ToolChoice::Mode::Required || chat.choice.mode == ToolChoice::Mode::Named)
        names.emplace_back("tool_choice");
    for (auto& [name, json] : chat.standard_rest)
        if (name == "audio" || name == "prediction" || (name == "modalities" && json != "[\"text\"]"))
            names.push_back(name);
    return names;
}

Answer<std::string> ollama_to_completion(std::string_view body) {
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object)) return std::string(body);  // refused as no completion
    JsonFields fields(*root);
    if (fields.find("error") || (!fields.find("message") && !fields.find("response")))
        return std::string(body);
    int calls = 0;
    JsonObject message;
    message.raw("role", "\"assistant\"");
    write_content(fields, false, calls, message);
    return JsonObject()
        .raw("object", "\"chat.completion\"")
        .raw("choices", "[" +
                            JsonObject()
                                .raw("index", "0")
                                .text("finish_reason", finish_of(fields, calls))
                                .raw("message", message.str())
                                .str() +
                            "]")
        .raw("usage", usage_of(fields))
        .str();
}

void OllamaDecoder::feed(std::string_view bytes) {
    while (!bytes.empty() && !failed()) {
        auto end = bytes.find('\n');
        line_ += bytes.substr(0, end);
        if (line_.size() > kMostLine) return fail(event_too_large());
        if (end == std::string_view::npos) return;
        bytes.remove_prefix(end + 1);
        take(std::exchange(line_, {}));
    }
}

std::optional<std::string> OllamaDecoder::rest() {
    if (!failed()) take(std::exchange(line_, {}));
    return next();
}

void OllamaDecoder::take(std::string_view line) {
    if (trim(line).empty()) return;
    auto root = parse_json(line);
    if (!root || !root->is(JsonKind::Object))
        return fail(broken_stream(*context_.provider, "the upstream sent a line that is no JSON object"));
    JsonFields fields(*root);
    if (fields.find("error")) return push(std::string(line));  // the chat reads it
    JsonObject delta;
    if (!std::exchange(begun_, true)) delta.raw("role", "\"assistant\"");
    write_content(fields, true, calls_, delta);
    if (!delta.empty()) push_delta(delta.str());
    if (!fields.is_true("done")) return;
    push_delta("{}", json_quote(finish_of(fields, calls_)));
    push_usage(usage_of(fields));
    push_done();
}

Answer<UpstreamCall> ollama_call(const Destination& to, std::string_view route, std::string body,
                                 bool stream) {
    Headers own;
    if (auto& key = to.endpoint.key.reveal(); !key.empty())
        own.emplace_back("Authorization", "Bearer " + key);
    auto call =
        make_http_call(append_path(to.endpoint.base, route), to.endpoint, to.deployment, to.config,
                       std::move(body), stream ? "application/x-ndjson" : "application/json", own, to.client);
    if (!call) return bad_request(call.error().what);
    return std::move(*call);
}

Answer<UpstreamCall> OllamaWire::call(const ChatRequest& request) {
    auto text = prepared_request(request, to_.deployment);
    auto chat = read_openai_chat(*parse_json(text));
    if (!chat) return chat.error();
    if (auto refused = refuse_unsupported(unsupported_by_ollama(*chat), request, to_.deployment, to_.endpoint,
                                          to_.config))
        return *refused;
    bool tools = !chat->tools.empty();
    for (auto& turn : chat->turns) tools = tools || !turn.calls.empty() || turn.role == Turn::Role::Tool;
    bool talk = to_.endpoint.provider->prefix == "ollama_chat" || tools;
    auto body = talk ? make_ollama_chat(*chat, to_.endpoint.model, request.stream)
                     : make_ollama_prompt(*chat, to_.endpoint.model, request.stream);
    if (!body) return body.error();
    return ollama_call(to_, talk ? "/api/chat" : "/api/generate",
                       finish_body(std::move(*body), to_.deployment), request.stream);
}

Answer<std::string> OllamaWire::completion(std::string_view body) {
    return ollama_to_completion(body);
}

std::unique_ptr<StreamDecoder> OllamaWire::decoder() {
    return std::make_unique<OllamaDecoder>(context_);
}

ApiError OllamaWire::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

}  // namespace seance::litellm
