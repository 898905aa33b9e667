#include "services/litellm/domain/openai_chat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/message.hpp"

namespace seance::litellm {
namespace {

std::string raw_of(const std::optional<JsonValue>& value) {
    return value ? std::string(value->text) : std::string();
}

void take_url(Part& part, std::string url) {
    if (auto data = parse_data_url(url)) {
        if (part.media_type.empty()) part.media_type = std::move(data->first);
        part.data = std::move(data->second);
    } else {
        if (part.media_type.empty()) part.media_type = media_type_of(url);
        part.url = std::move(url);
    }
}

Answer<Part> read_part(const JsonValue& value) {
    Part part;
    part.raw = value.text;
    if (value.is(JsonKind::String)) {
        part.text = *json_text(value);
        return part;
    }
    if (!value.is(JsonKind::Object))
        return bad_request("a content part must be an object with a type", "messages");
    JsonFields fields(value);
    part.cache_control = raw_of(fields.find("cache_control"));
    part.type = fields.text("type");
    if (part.type == "text" || part.type == "input_text" || part.type == "output_text" ||
        part.type == "refusal") {
        part.text = fields.text(part.type == "refusal" ? "refusal" : "text");
    } else if (part.type == "image_url" || part.type == "video_url") {
        part.kind = part.type == "image_url" ? Part::Kind::Image : Part::Kind::Video;
        auto image = fields.find(part.type);
        JsonFields inner(image);
        part.media_type = inner.text("format");
        auto url = image && image->is(JsonKind::String) ? *json_text(*image) : inner.text("url");
        if (url.empty())
            return bad_request(fmt::format("a part of type {} needs a url", part.type), "messages");
        if (url.starts_with("data:") && !parse_data_url(url))
            return bad_request("an image's data URL must be of the form data:<type>;base64,<data>",
                               "messages");
        take_url(part, std::move(url));
        if (part.kind == Part::Kind::Image && part.media_type == "application/pdf")
            part.kind = Part::Kind::File;
    } else if (part.type == "input_audio") {
        part.kind = Part::Kind::Audio;
        JsonFields inner(fields.find("input_audio"));
        part.data = inner.text("data");
        part.media_type =
            fmt::format("audio/{}", inner.text("format").empty() ? "wav" : inner.text("format"));
    } else if (part.type == "file") {
        part.kind = Part::Kind::File;
        JsonFields inner(fields.find("file"));
        part.name = inner.text("filename");
        part.media_type = inner.text("format");
        if (auto data = inner.text("file_data"); !data.empty()) {
            if (data.starts_with("data:") || data.starts_with("http")) {
                take_url(part, std::move(data));
            } else {
                part.data = std::move(data);
                if (part.media_type.empty()) part.media_type = media_type_of(part.name);
            }
        } else if (auto id = inner.text("file_id");
                   id.starts_with("http") || id.starts_with("gs://") || id.starts_with("data:")) {
            take_url(part, std::move(id));
        } else {
            part.id = std::move(id);
        }
        if (part.data.empty() && part.url.empty() && part.id.empty())
            return bad_request("a part of type file needs file_data or file_id", "messages");
        if (part.media_type.empty()) part.media_type = "application/pdf";
    } else {
        part.kind = Part::Kind::Other;
    }
    return part;
}

ToolCall read_call(const JsonValue& value) {
    JsonFields fields(value);
    JsonFields function(fields.find("function"));
    ToolCall call;
    call.id = fields.text("id");
    call.name = function.text("name");
    auto arguments = function.find("arguments");
    call.arguments =
        arguments && arguments->is(JsonKind::String) ? *json_text(*arguments) : raw_of(arguments);
    for (auto holder : {fields.find("provider_specific_fields"), function.find("provider_specific_fields")})
        if (auto signature = JsonFields(holder).text("thought_signature"); !signature.empty())
            call.signature = std::move(signature);
    return call;
}

Answer<Turn> read_turn(const JsonValue& message) {
    if (!message.is(JsonKind::Object)) return bad_request("a message must be an object", "messages");
    JsonFields fields(message);
    Turn turn;
    auto role = fields.text("role");
    if (role == "system" || role == "developer")
        turn.role = Turn::Role::System;
    else if (role == "user")
        turn.role = Turn::Role::User;
    else if (role == "assistant" || role == "model")
        turn.role = Turn::Role::Assistant;
    else if (role == "tool" || role == "function")
        turn.role = Turn::Role::Tool;
    else
        return bad_request(fmt::format("the role \"{}\" is none of system, developer, user, assistant, tool",
                                       role.substr(0, 50)),
                           "messages");
    turn.cache_control = raw_of(fields.find("cache_control"));
    if (auto content = fields.find("content")) {
        if (content->is(JsonKind::Array)) {
            for (auto& element : json_elements(*content)) {
                auto part = read_part(element);
                if (!part) return part.error();
                turn.parts.push_back(std::move(*part));
            }
        } else {
            Part part;
            part.text = json_text(*content).value_or(std::string(content->text));
            part.raw = content->text;
            turn.parts.push_back(std::move(part));
        }
    }
    for (auto& call : fields.list("tool_calls")) turn.calls.push_back(read_call(call));
    if (auto legacy = fields.find("function_call", JsonKind::Object)) {
        JsonFields function(legacy);
        auto name = function.text("name");
        turn.calls.push_back({"call_" + name, name, function.text("arguments"), ""});
    }
    turn.tool_call_id = fields.text("tool_call_id");
    turn.tool_name = fields.text("name");
    if (role == "function" && turn.tool_call_id.empty()) turn.tool_call_id = "call_" + turn.tool_name;
    turn.reasoning = fields.text("reasoning_content");
    for (auto& block : fields.list("thinking_blocks"))
        if (block.is(JsonKind::Object)) turn.thinking_blocks.emplace_back(block.text);
    return turn;
}

Tool read_tool(const JsonValue& value, bool legacy) {
    JsonFields fields(value);
    Tool tool;
    auto inner = legacy ? std::optional(value) : fields.find("function", JsonKind::Object);
    if (!inner) {
        tool.raw = value.text;
        tool.name = fields.text("name");
        return tool;
    }
    JsonFields function(*inner);
    tool.name = function.text("name");
    tool.description = function.text("description");
    tool.schema = raw_of(function.find("parameters", JsonKind::Object));
    tool.cache_control = raw_of(fields.find("cache_control"));
    if (tool.cache_control.empty()) tool.cache_control = raw_of(function.find("cache_control"));
    return tool;
}

ToolChoice read_choice(const JsonValue& value) {
    using Mode = ToolChoice::Mode;
    if (auto word = json_text(value)) {
        if (*word == "auto") return {Mode::Auto};
        if (*word == "required" || *word == "any") return {Mode::Required};
        if (*word == "none") return {Mode::None};
        return {Mode::Unset};
    }
    JsonFields fields(value);
    auto name = JsonFields(fields.find("function")).text("name");
    if (name.empty()) name = fields.text("name");  // function_call, and the Responses form
    return name.empty() ? ToolChoice{} : ToolChoice{Mode::Named, name};
}

ResponseFormat read_format(const JsonValue& value) {
    JsonFields fields(value);
    auto type = fields.text("type");
    if (type == "json_object" && !fields.find("response_schema")) return {ResponseFormat::Kind::Object};
    if (type != "json_schema" && type != "json_object") return {};
    if (auto schema = fields.find("response_schema", JsonKind::Object))
        return {ResponseFormat::Kind::Schema, std::string(schema->text), "answer"};
    JsonFields inner(fields.find("json_schema"));
    auto schema = inner.find("schema", JsonKind::Object);
    if (!schema) return {ResponseFormat::Kind::Object};
    return {ResponseFormat::Kind::Schema, std::string(schema->text), inner.text("name")};
}

void read_stop(const JsonValue& value, std::vector<std::string>& stop) {
    if (auto text = json_text(value)) stop.push_back(*text);
    for (auto& element : json_elements(value))
        if (auto text = json_text(element)) stop.push_back(*text);
}

// OpenAI's, beside those that OpenAiChat has a field for.
constexpr std::string_view kOtherStandard[] = {
    "modalities", "audio",     "prediction",       "service_tier",
    "store",      "verbosity", "prompt_cache_key", "safety_identifier"};

bool is_nothing(const JsonValue& value) {
    return value.is(JsonKind::Null) || value.is(JsonKind::False);
}

}  // namespace

std::string ToolCall::input() const {
    auto value = parse_json(arguments);
    return value && value->is(JsonKind::Object) ? std::string(value->text) : std::string("{}");
}

std::string Turn::text() const {
    std::string out;
    for (auto& part : parts)
        if (part.kind == Part::Kind::Text) out += part.text;
    return out;
}

const Tool* OpenAiChat::find_tool(std::string_view name) const {
    for (auto& tool : tools)
        if (tool.name == name) return &tool;
    return nullptr;
}

Answer<OpenAiChat> read_openai_chat(const JsonValue& root) {
    OpenAiChat chat;
    std::optional<std::uint64_t> max_tokens;
    for (auto& [key, value, segment] : json_members(root)) {
        auto raw = std::string(value.is(JsonKind::Null) ? std::string_view{} : value.text);
        if (key == "messages") {
            for (auto& message : json_elements(value)) {
                auto turn = read_turn(message);
                if (!turn) return turn.error();
                chat.turns.push_back(std::move(*turn));
            }
        } else if (raw.empty() || key == "model" || key == "stream" || key == "stream_options") {
            continue;
        } else if (key == "tools" || key == "functions") {
            for (auto& tool : json_elements(value)) chat.tools.push_back(read_tool(tool, key == "functions"));
        } else if (key == "tool_choice" || key == "function_call") {
            chat.choice = read_choice(value);
        } else if (key == "parallel_tool_calls") {
            chat.parallel_tools = !value.is(JsonKind::False);
        } else if (key == "response_format") {
            chat.format = read_format(value);
        } else if (key == "max_tokens" || key == "max_completion_tokens") {
            auto number = json_number(value);
            if (!number || *number < 1 || *number > 1e9)
                return bad_request(fmt::format("{} must be a positive whole number", key), key);
            if (key == "max_tokens")
                max_tokens = static_cast<std::uint64_t>(*number);
            else
                chat.max_tokens = static_cast<std::uint64_t>(*number);
        } else if (key == "stop") {
            read_stop(value, chat.stop);
        } else if (key == "user") {
            chat.user = json_text(value).value_or("");
        } else if (key == "reasoning_effort") {
            chat.effort = json_text(value).value_or("");
            if (value.is(JsonKind::Object)) chat.effort = JsonFields(value).text("effort");
        } else if (key == "thinking") {
            chat.thinking = raw;
        } else if (key == "web_search_options") {
            chat.web_search = raw;
        } else if (key == "temperature") {
            chat.temperature = raw;
        } else if (key == "top_p") {
            chat.top_p = raw;
        } else if (key == "top_k") {
            chat.top_k = raw;
        } else if (key == "n") {
            if (raw != "1") chat.n = raw;
        } else if (key == "seed") {
            chat.seed = raw;
        } else if (key == "presence_penalty") {
            if (json_number(value) != 0.0) chat.presence_penalty = raw;
        } else if (key == "frequency_penalty") {
            if (json_number(value) != 0.0) chat.frequency_penalty = raw;
        } else if (key == "logprobs") {
            if (!is_nothing(value)) chat.logprobs = raw;
        } else if (key == "top_logprobs") {
            chat.top_logprobs = raw;
        } else if (key == "logit_bias") {
            if (!json_members(value).empty()) chat.logit_bias = raw;
        } else if (std::find(std::begin(kOtherStandard), std::end(kOtherStandard), key) !=
                   std::end(kOtherStandard)) {
            if (!is_nothing(value)) chat.standard_rest.emplace_back(key, raw);
        } else {
            chat.unknown.emplace_back(key, raw);
        }
    }
    if (!chat.max_tokens) chat.max_tokens = max_tokens;
    return chat;
}

std::optional<std::pair<std::string, std::string>> parse_data_url(std::string_view url) {
    if (!url.starts_with("data:")) return std::nullopt;
    url.remove_prefix(5);
    auto comma = url.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    auto head = url.substr(0, comma), data = url.substr(comma + 1);
    if (!lower(head).ends_with(";base64") || data.empty()) return std::nullopt;
    return std::pair(lower(head.substr(0, head.find(';'))), std::string(data));
}

std::string media_type_of(std::string_view name) {
    name = name.substr(0, name.find_first_of("?#"));
    auto dot = name.rfind('.');
    if (dot == std::string_view::npos || name.find('/', dot) != std::string_view::npos) return "";
    auto extension = lower(name.substr(dot + 1));
    for (auto& [ending, type] : {std::pair<std::string_view, std::string_view>{"png", "image/png"},
                                 {"jpg", "image/jpeg"},
                                 {"jpeg", "image/jpeg"},
                                 {"gif", "image/gif"},
                                 {"webp", "image/webp"},
                                 {"pdf", "application/pdf"},
                                 {"txt", "text/plain"},
                                 {"csv", "text/csv"},
                                 {"html", "text/html"},
                                 {"md", "text/markdown"},
                                 {"mp4", "video/mp4"},
                                 {"mp3", "audio/mp3"},
                                 {"wav", "audio/wav"}})
        if (extension == ending) return std::string(type);
    return "";
}

bool drops_params(const ChatRequest& request, const Deployment& deployment, const Config& config) {
    return request.drop_params.value_or(deployment.wire.drop_params.value_or(config.drop_params));
}

std::optional<ApiError> refuse_unsupported(std::vector<std::string> names, const ChatRequest& request,
                                           const Deployment& deployment, const Endpoint& endpoint,
                                           const Config& config) {
    auto allowed = deployment.wire.allowed_params;
    for (auto& name : json_texts(json_find(request.root, "allowed_openai_params")))
        allowed.push_back(std::move(name));
    std::erase_if(
        names, [&](auto& name) { return std::find(allowed.begin(), allowed.end(), name) != allowed.end(); });
    if (names.empty() || drops_params(request, deployment, config)) return std::nullopt;
    auto error = bad_request(
        fmt::format(
            "litellm.UnsupportedParamsError: {} does not support parameters: {} for model={}. Leave "
            "them out, or set drop_params: true under litellm_settings or this model's litellm_params",
            endpoint.provider->prefix, names, endpoint.model),
        names.front());
    return error;
}

}  // namespace seance::litellm
