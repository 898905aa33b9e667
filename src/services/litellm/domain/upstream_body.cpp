#include "services/litellm/domain/upstream_body.hpp"

#include <fmt/format.h>

#include <algorithm>

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
                                              "enable_json_schema_validation",
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
    for (auto& member : edit.members())
        if (is_gateway_owned(member.key)) edit.remove(member.key);
}

// What the deployment never wants, and what this client would rather not send.
std::string drop_paths(std::string text, const JsonValue& asked, const Deployment& deployment) {
    auto paths = json_texts(json_find(asked, "additional_drop_params"));
    paths.insert(paths.end(), deployment.drop_params.begin(), deployment.drop_params.end());
    if (paths.empty()) return text;
    auto root = parse_json(text);
    JsonEdit drop(*root);
    for (auto& path : paths) drop.remove_path(path);
    return drop.text();
}

}  // namespace

bool is_gateway_owned(std::string_view member) {
    return member.starts_with("mock_testing_") ||
           std::find(std::begin(kGatewayOwned), std::end(kGatewayOwned), member) != std::end(kGatewayOwned);
}

std::string prepared_request(const ChatRequest& request, const Deployment& deployment) {
    JsonEdit edit(request.root);
    remove_gateway_owned(edit);
    edit.remove("metadata");
    for (auto& [name, json] : deployment.defaults) edit.fill(name, json);
    return drop_paths(edit.text(), request.root, deployment);
}

std::string native_body(const JsonValue& root, const Deployment& deployment, const Endpoint& endpoint) {
    JsonEdit edit(root);
    edit.set("model", json_quote(endpoint.model));
    remove_gateway_owned(edit);
    for (auto& [name, json] : deployment.defaults) edit.fill(name, json);
    for (auto& [name, json] : deployment.extra_body) edit.set(name, json);
    return drop_paths(edit.text(), root, deployment);
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
            if (!json_is_true(inner.find("include_usage"))) {
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
    return drop_paths(edit.text(), request.root, deployment);
}

}  // namespace seance::litellm
