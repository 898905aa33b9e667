#include "services/litellm/domain/chat_request.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kGatewayOwned[] = {"litellm_metadata",
                                              "tags",
                                              "cache",
                                              "caching",
                                              "fallbacks",
                                              "context_window_fallbacks",
                                              "content_policy_fallbacks",
                                              "num_retries",
                                              "retry_policy",
                                              "guardrails",
                                              "user_config",
                                              "mock_response",
                                              "mock_timeout",
                                              "mock_delay",
                                              "litellm_call_id",
                                              "litellm_session_id",
                                              "litellm_trace_id",
                                              "disable_fallbacks",
                                              "drop_params",
                                              "additional_drop_params",
                                              "allowed_openai_params",
                                              "api_key",
                                              "api_base",
                                              "base_url",
                                              "timeout",
                                              "request_timeout",
                                              "stream_timeout"};

// Families whose providers cache prompts when a content block asks for it.
constexpr std::string_view kCachingFamilies[] = {"claude", "gemini", "minimax", "glm", "z-ai"};

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    text = trim(text);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_true(const std::optional<JsonValue>& value) {
    return value && value->is(JsonKind::True);
}

// Seconds from a header, else from the body; what is not a positive number is refused.
Answer<std::optional<Duration>> read_seconds(const http::FieldViews& fields, std::string_view header,
                                             const JsonEdit& body,
                                             std::initializer_list<std::string_view> keys) {
    if (auto text = fields.find(header)) {
        auto seconds = number_of(*text);
        auto limit = seconds ? seconds_to_duration(*seconds) : std::nullopt;
        if (!limit)
            return bad_request(fmt::format("the header {} must be a positive number of seconds", header),
                               std::string(header));
        return limit;
    }
    for (auto key : keys) {
        auto value = body.find(key);
        if (!value || value->is(JsonKind::Null)) continue;
        auto seconds = json_number(value);
        auto limit = seconds ? seconds_to_duration(*seconds) : std::nullopt;
        if (!limit)
            return bad_request(fmt::format("{} must be a positive number of seconds", key), std::string(key));
        return limit;
    }
    return std::optional<Duration>{};
}

// OpenRouter takes cache_control inside a content block, not beside it.
std::optional<std::string> move_cache_control(const JsonValue& message, bool wanted) {
    JsonEdit edit(message);
    auto mark = edit.find("cache_control");
    if (!mark) return std::nullopt;
    edit.remove("cache_control");
    auto content = edit.find("content");
    if (wanted && content && content->is(JsonKind::String)) {
        edit.set("content", fmt::format("[{{\"type\":\"text\",\"text\":{},\"cache_control\":{}}}]",
                                        content->text, mark->text));
    } else if (wanted && content && content->is(JsonKind::Array)) {
        auto blocks = json_elements(*content);
        if (!blocks.empty() && blocks.back().is(JsonKind::Object)) {
            JsonEdit last(blocks.back());
            last.set("cache_control", std::string(mark->text));
            edit.set("content", replace_part(content->text, blocks.back().text, last.text()));
        }
    }
    return edit.text();
}

// Only OpenAI has the role, and gateways that know whom they ask.
bool knows_developer(const Provider& provider) {
    return provider.prefix == "openai" || provider.prefix == "azure" || provider.prefix == "litellm_proxy";
}

std::optional<std::string> say_system(const JsonValue& message) {
    JsonEdit edit(message);
    auto role = edit.find("role");
    if (!role || json_text(*role) != "developer") return std::nullopt;
    edit.set("role", "\"system\"");
    return edit.text();
}

// The messages with what `change` makes of each; those that it leaves alone keep their bytes.
template <class Change>
void change_messages(JsonEdit& edit, Change&& change) {
    auto messages = edit.find("messages");
    if (!messages) return;
    std::string out;
    std::size_t done = 0;
    for (auto& message : json_elements(*messages)) {
        if (!message.is(JsonKind::Object)) continue;
        auto changed = change(message);
        if (!changed) continue;
        auto begin = static_cast<std::size_t>(message.text.data() - messages->text.data());
        out += messages->text.substr(done, begin - done);
        out += *changed;
        done = begin + message.text.size();
    }
    if (done > 0) edit.set("messages", out + std::string(messages->text.substr(done)));
}

void shape_messages(JsonEdit& edit, const Endpoint& endpoint) {
    auto messages = edit.find("messages");
    auto holds = [&](std::string_view word) {
        return messages && messages->text.find(word) != std::string_view::npos;
    };
    bool rename = !knows_developer(*endpoint.provider) && holds("developer");
    bool move = endpoint.provider->prefix == "openrouter" && holds("cache_control");
    if (!rename && !move) return;
    bool wanted = false;
    for (auto family : kCachingFamilies) wanted = wanted || endpoint.model.find(family) != std::string::npos;
    change_messages(edit, [&](const JsonValue& message) {
        auto renamed = rename ? say_system(message) : std::nullopt;
        if (!move) return renamed;
        auto now = renamed ? parse_json(*renamed) : std::optional(message);
        auto moved = move_cache_control(*now, wanted);
        return moved ? moved : renamed;
    });
}

void remove_gateway_owned(JsonEdit& edit) {
    for (auto key : kGatewayOwned) edit.remove(key);
    for (auto& member : edit.members())
        if (member.key.starts_with("mock_testing_")) edit.remove(member.key);
}

std::string drop_paths(std::string text, const Deployment& deployment) {
    if (deployment.drop_params.empty()) return text;
    auto root = parse_json(text);
    JsonEdit drop(*root);
    for (auto& path : deployment.drop_params) drop.remove_path(path);
    return drop.text();
}

}  // namespace

Answer<ChatRequest> parse_chat_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, const Config& config) {
    auto request = parse_call_request(std::move(body), fields, path_model, config.completion_model, config);
    if (!request) return request;
    auto messages = json_find(request->root, "messages");
    if (!messages || messages->is(JsonKind::Null))
        return bad_request("Missing required parameter: 'messages'.", "messages");
    if (!messages->is(JsonKind::Array)) return bad_request("messages must be a list", "messages");
    if (json_elements(*messages).empty())
        return bad_request("messages must hold at least one message", "messages");
    request->prompt_estimate = estimate_tokens(messages->text);
    return request;
}

Answer<ChatRequest> parse_call_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, std::string_view forced_model,
                                       const Config& config) {
    ChatRequest request;
    request.body = std::make_unique<const std::string>(std::move(body));
    auto root = parse_json(*request.body);
    if (!root) return bad_request("the request body is not valid JSON (UTF-8, at most 2000 levels deep)");
    if (!root->is(JsonKind::Object)) return bad_request("the request body must be a JSON object");
    request.root = *root;
    JsonEdit edit(request.root);

    auto model = edit.find("model");
    if (!forced_model.empty())
        request.model = forced_model;
    else if (!path_model.empty())
        request.model = path_model;
    else if (auto name = json_text(model))
        request.model = *name;
    else if (model && !model->is(JsonKind::Null))
        return bad_request("model must be a string", "model");
    if (request.model.empty())
        return bad_request(
            "Missing required parameter: 'model'. Name one of the models that `/v1/models` lists.", "model");

    auto stream = edit.find("stream");
    if (stream && !stream->is(JsonKind::True) && !stream->is(JsonKind::False) && !stream->is(JsonKind::Null))
        return bad_request("stream must be true or false", "stream");
    request.stream = is_true(stream);
    if (auto options = edit.find("stream_options"))
        request.include_usage = is_true(json_find(*options, "include_usage"));
    request.include_usage = request.include_usage || config.always_include_usage;
    if (auto n = edit.find("n"); n && !n->is(JsonKind::Null)) {
        auto number = n->is(JsonKind::Number) ? parse_number(n->text) : std::nullopt;
        if (!number || *number < 1 || *number > 128)
            return bad_request("n must be a whole number from 1 to 128", "n");
        request.choices = static_cast<unsigned>(*number);
    }

    auto timeout = read_seconds(fields, "x-litellm-timeout", edit, {"timeout", "request_timeout"});
    if (!timeout) return timeout.error();
    request.timeout = *timeout;
    auto stream_timeout = read_seconds(fields, "x-litellm-stream-timeout", edit, {"stream_timeout"});
    if (!stream_timeout) return stream_timeout.error();
    request.stream_timeout = *stream_timeout;

    std::optional<double> retries = json_number(edit.find("num_retries"));
    if (auto text = fields.find("x-litellm-num-retries"); text && !retries) {
        retries = number_of(*text);
        if (!retries)
            return bad_request("the header x-litellm-num-retries must be a whole number",
                               "x-litellm-num-retries");
    }
    if (retries) request.num_retries = static_cast<int>(std::clamp(*retries, 0.0, 100.0));
    if (auto mock = edit.find("mock_response"); mock && !mock->is(JsonKind::Null))
        request.mock_response = json_text(*mock).value_or(std::string(mock->text));
    if (auto drop = edit.find("drop_params"); drop && (drop->is(JsonKind::True) || drop->is(JsonKind::False)))
        request.drop_params = drop->is(JsonKind::True);
    request.own_key = json_text(edit.find("api_key")).value_or("");
    request.own_base =
        json_text(edit.find("api_base")).value_or(json_text(edit.find("base_url")).value_or(""));
    return request;
}

std::string prepared_request(const ChatRequest& request, const Deployment& deployment) {
    JsonEdit edit(request.root);
    remove_gateway_owned(edit);
    edit.remove("metadata");
    for (auto& [name, json] : deployment.defaults) edit.fill(name, json);
    return drop_paths(edit.text(), deployment);
}

std::string native_body(const JsonValue& root, const Deployment& deployment, const Endpoint& endpoint) {
    JsonEdit edit(root);
    edit.set("model", json_quote(endpoint.model));
    remove_gateway_owned(edit);
    for (auto& [name, json] : deployment.defaults) edit.fill(name, json);
    for (auto& [name, json] : deployment.extra_body) edit.set(name, json);
    return drop_paths(edit.text(), deployment);
}

std::string finish_body(std::string body, const Deployment& deployment) {
    if (deployment.extra_body.empty()) return body;
    auto root = parse_json(body);
    JsonEdit edit(*root);
    for (auto& [name, json] : deployment.extra_body) edit.set(name, json);
    return edit.text();
}

std::string upstream_body(const ChatRequest& request, const Deployment& deployment,
                          const Endpoint& endpoint) {
    auto& provider = *endpoint.provider;
    JsonEdit edit(request.root);
    edit.set("model", json_quote(endpoint.model));
    remove_gateway_owned(edit);
    if (!knows_metadata(provider)) edit.remove("metadata");
    for (auto& [name, json] : deployment.defaults) edit.fill(name, json);
    if (request.stream && knows_stream_options(provider)) {
        // Usage is asked for even if the client does not want it; its chunk is then dropped.
        auto options = edit.find("stream_options");
        if (options && options->is(JsonKind::Object)) {
            JsonEdit inner(*options);
            if (!is_true(inner.find("include_usage"))) {
                inner.set("include_usage", "true");
                edit.set("stream_options", inner.text());
            }
        } else {
            edit.set("stream_options", "{\"include_usage\":true}");
        }
    }
    shape_messages(edit, endpoint);
    if (provider.prefix == "openrouter") edit.fill("usage", "{\"include\":true}");
    for (auto& [name, json] : deployment.extra_body) edit.set(name, json);
    return drop_paths(edit.text(), deployment);
}

std::uint64_t estimate_tokens(std::string_view text) {
    return (text.size() + 3) / 4;
}

}  // namespace seance::litellm
