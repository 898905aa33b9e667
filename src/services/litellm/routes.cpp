#include "services/litellm/routes.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

Awaitable<void> list_routes(Gateway&, http::Exchange& exchange, std::string) {
    std::string list;
    for (auto& route : routes())
        list += fmt::format("{}{{\"path\":{},\"methods\":[\"{}\"],\"name\":{}}}", list.empty() ? "" : ",",
                            json_quote(route.path), route.method, json_quote(route.name));
    reply_json(exchange, 200, fmt::format("{{\"routes\":[{}]}}", list));
    co_return;
}

Awaitable<void> say_hello(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "\"LiteLLM: RUNNING\"");
    co_return;
}

Awaitable<void> say_test(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "{\"route\":\"/test\"}");
    co_return;
}

constexpr Route kRoutes[] = {
    {"POST", "/v1/chat/completions", "chat_completion", chat_completions},
    {"POST", "/chat/completions", "chat_completion", chat_completions},
    {"POST", "/engines/{model}/chat/completions", "chat_completion", chat_completions},
    {"POST", "/openai/deployments/{model}/chat/completions", "chat_completion", chat_completions},
    {"POST", "/v1/messages", "anthropic_response", messages},
    {"POST", "/messages", "anthropic_response", messages},
    {"POST", "/v1/messages/count_tokens", "count_tokens", count_tokens},
    {"POST", "/messages/count_tokens", "count_tokens", count_tokens},
    {"POST", "/v1/completions", "completion", completions},
    {"POST", "/completions", "completion", completions},
    {"POST", "/engines/{model}/completions", "completion", completions},
    {"POST", "/openai/deployments/{model}/completions", "completion", completions},
    {"POST", "/v1/embeddings", "embeddings", embeddings},
    {"POST", "/embeddings", "embeddings", embeddings},
    {"POST", "/engines/{model}/embeddings", "embeddings", embeddings},
    {"POST", "/openai/deployments/{model}/embeddings", "embeddings", embeddings},
    {"POST", "/v1/images/generations", "image_generation", image_generations},
    {"POST", "/images/generations", "image_generation", image_generations},
    {"POST", "/openai/deployments/{model}/images/generations", "image_generation", image_generations},
    {"POST", "/v1/images/edits", "image_edit", image_edits},
    {"POST", "/images/edits", "image_edit", image_edits},
    {"POST", "/openai/deployments/{model}/images/edits", "image_edit", image_edits},
    {"POST", "/v1/audio/transcriptions", "audio_transcription", transcriptions},
    {"POST", "/audio/transcriptions", "audio_transcription", transcriptions},
    {"POST", "/openai/deployments/{model}/audio/transcriptions", "audio_transcription", transcriptions},
    {"POST", "/v1/audio/translations", "audio_translation", translations},
    {"POST", "/audio/translations", "audio_translation", translations},
    {"POST", "/openai/deployments/{model}/audio/translations", "audio_translation", translations},
    {"POST", "/v1/audio/speech", "audio_speech", speech},
    {"POST", "/audio/speech", "audio_speech", speech},
    {"POST", "/openai/deployments/{model}/audio/speech", "audio_speech", speech},
    {"POST", "/v1/moderations", "moderations", moderations},
    {"POST", "/moderations", "moderations", moderations},
    {"POST", "/v1/rerank", "rerank", rerank},
    {"POST", "/rerank", "rerank", rerank},
    {"POST", "/v1/responses", "responses_api", responses},
    {"POST", "/responses", "responses_api", responses},
    {"POST", "/v2/rerank", "rerank", rerank},
    {"GET", "/v1/responses/{id}/input_items", "get_response_input_items", response_input},
    {"GET", "/responses/{id}/input_items", "get_response_input_items", response_input},
    {"GET", "/v1/responses/{id}", "get_response", kept_response},
    {"GET", "/responses/{id}", "get_response", kept_response},
    {"DELETE", "/v1/responses/{id}", "delete_response", forget_response},
    {"DELETE", "/responses/{id}", "delete_response", forget_response},
    {"GET", "/v1/models", "model_list", list_models},
    {"GET", "/models", "model_list", list_models},
    {"GET", "/v1/models/{model}", "model_info", show_model},
    {"GET", "/models/{model}", "model_info", show_model},
    {"GET", "/v1/model/info", "model_info_v1", model_info},
    {"GET", "/model/info", "model_info_v1", model_info},
    {"GET", "/v2/model/info", "model_info_v2", model_info_pages},
    {"GET", "/model_group/info", "model_group_info", model_group_info},
    {"POST", "/utils/token_counter", "token_counter", token_counter},
    {"GET", "/health", "health_endpoint", health},
    {"GET", "/health/liveliness", "health_liveliness", liveliness},
    {"GET", "/health/liveness", "health_liveliness", liveliness},
    {"GET", "/health/readiness", "health_readiness", readiness},
    {"GET", "/health/backlog", "health_backlog", backlog},
    {"*", "/openai/{rest}", "openai_proxy_route", pass_through},
    {"*", "/anthropic/{rest}", "anthropic_proxy_route", pass_through},
    {"*", "/gemini/{rest}", "gemini_proxy_route", pass_through},
    {"*", "/mistral/{rest}", "mistral_proxy_route", pass_through},
    {"*", "/cohere/{rest}", "cohere_proxy_route", pass_through},
    {"*", "/azure/{rest}", "azure_proxy_route", pass_through},
    {"*", "/vllm/{rest}", "vllm_proxy_route", pass_through},
    {"*", "/bedrock/{rest}", "bedrock_proxy_route", pass_through},
    {"GET", "/", "home", say_hello},
    {"GET", "/routes", "get_routes", list_routes},
    {"GET", "/test", "test_endpoint", say_test},
};

void answer_preflight(http::Exchange& exchange) {
    auto fields = common_fields(exchange.head(), call_id(exchange.head()));
    fields.set("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    if (auto wanted = exchange.head().fields.find("Access-Control-Request-Headers"))
        fields.set("Access-Control-Allow-Headers", *wanted);
    fields.set("Access-Control-Max-Age", "600");
    fields.set("Content-Type", "text/plain; charset=utf-8");
    http::Response response{200, std::move(fields), "OK"};
    exchange.reply(std::move(response));
}

std::string_view below_root(std::string_view path, std::string_view root) {
    if (root.empty() || !path.starts_with(root)) return path;
    auto rest = path.substr(root.size());
    if (rest.empty()) return "/";
    return rest.starts_with('/') ? rest : path;
}

bool answers(const Route& route, std::string_view method) {
    return route.method == method || route.method == "*" || (method == "HEAD" && route.method == "GET");
}

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::optional<std::string> match_route(std::string_view pattern, std::string_view path) {
    auto open = pattern.find('{');
    if (open == std::string_view::npos)
        return path == pattern ? std::optional<std::string>("") : std::nullopt;
    auto before = pattern.substr(0, open), after = pattern.substr(pattern.find('}') + 1);
    if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
        return std::nullopt;
    // Model names hold slashes, so the parameter may span segments.
    return http::percent_decode(path.substr(before.size(), path.size() - before.size() - after.size()));
}

Awaitable<void> serve(Gateway& gateway, http::Exchange& exchange) {
    auto& head = exchange.head();
    if (head.method == "OPTIONS") {
        answer_preflight(exchange);
        co_return;
    }
    auto path = below_root(head.path(), gateway.settings().root_path);
    const Route* found = nullptr;
    std::string parameter, allowed;
    for (auto& route : routes()) {
        auto matched = match_route(route.path, path);
        if (!matched) continue;
        if (answers(route, head.method)) {
            found = &route;
            parameter = std::move(*matched);
            break;
        }
        allowed = route.method;
    }
    if (!found && allowed.empty()) {
        reply_json(exchange, 404, "{\"detail\":\"Not Found\"}");
        co_return;
    }
    if (!found) {
        auto fields = common_fields(head, call_id(head));
        fields.set("Allow", allowed);
        reply_json(exchange, 405, "{\"detail\":\"Method Not Allowed\"}", std::move(fields));
        co_return;
    }
    auto models = gateway.models();
    if (!is_public_route(models->config(), path)) {
        if (auto error = check_key(models->config(), head.fields, gateway.settings().loopback_only())) {
            gateway.refused.add();
            reply_error(exchange, *error);
            co_return;
        }
    }
    co_await found->handler(gateway, exchange, std::move(parameter));
}

}  // namespace seance::litellm
