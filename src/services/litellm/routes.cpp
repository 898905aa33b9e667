#include "services/litellm/routes.hpp"

#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/pass_through.hpp"
#include "services/litellm/domain/route_class.hpp"
#include "services/litellm/domain/unoffered.hpp"
#include "services/litellm/handlers/about.hpp"
#include "services/litellm/handlers/cached.hpp"
#include "services/litellm/handlers/entities.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/keys.hpp"
#include "services/litellm/handlers/spend.hpp"
#include "services/litellm/handlers/ui.hpp"

namespace seance::litellm {
namespace {

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
    {"POST", "/v1/responses/{id}/cancel", "cancel_response", cancel_response},
    {"POST", "/responses/{id}/cancel", "cancel_response", cancel_response},
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
    {"GET", "/metrics", "metrics", show_metrics},
    {"GET", "/metrics/", "metrics", show_metrics},
    {"GET", "/v2/model/info", "model_info_v2", model_info_pages},
    {"GET", "/model_group/info", "model_group_info", model_group_info},
    {"POST", "/utils/token_counter", "token_counter", token_counter},
    {"GET", "/health", "health_endpoint", health},
    {"GET", "/health/services", "health_services_endpoint", health_services},
    {"POST", "/health/test_connection", "test_model_connection", test_connection},
    {"GET", "/health/liveliness", "health_liveliness", liveliness},
    {"GET", "/health/liveness", "health_liveliness", liveliness},
    {"GET", "/health/readiness", "health_readiness", readiness},
    {"GET", "/health/backlog", "health_backlog", backlog},
    {"POST", "/key/generate", "generate_key", key_generate},
    {"POST", "/key/service-account/generate", "generate_service_account_key", key_service_account},
    {"POST", "/key/update", "update_key", key_update},
    {"POST", "/key/bulk_update", "bulk_update_keys", key_bulk_update},
    {"POST", "/key/delete", "delete_key", key_delete},
    {"POST", "/key/regenerate", "regenerate_key", key_regenerate},
    {"POST", "/key/{key}/regenerate", "regenerate_key", key_regenerate},
    {"POST", "/key/{key}/reset_spend", "reset_key_spend", key_reset_spend},
    {"POST", "/key/block", "block_key", key_block},
    {"POST", "/key/unblock", "unblock_key", key_unblock},
    {"POST", "/key/health", "key_health", key_health},
    {"GET", "/key/info", "info_key", key_info},
    {"GET", "/key/list", "list_keys", key_list},
    {"GET", "/key/aliases", "key_aliases", key_aliases},
    {"POST", "/user/new", "new_user", user_new},
    {"POST", "/user/update", "user_update", user_update},
    {"POST", "/user/delete", "delete_user", user_delete},
    {"GET", "/user/info", "user_info", user_info},
    {"GET", "/user/list", "get_users", user_list},
    {"POST", "/team/new", "new_team", team_new},
    {"POST", "/team/update", "update_team", team_update},
    {"POST", "/team/delete", "delete_team", team_delete},
    {"POST", "/team/member_add", "team_member_add", team_member_add},
    {"POST", "/team/member_delete", "team_member_delete", team_member_delete},
    {"POST", "/team/block", "block_team", team_block},
    {"POST", "/team/unblock", "unblock_team", team_unblock},
    {"GET", "/team/info", "team_info", team_info},
    {"GET", "/team/list", "list_team", team_list},
    {"POST", "/customer/new", "new_end_user", customer_new},
    {"POST", "/customer/update", "update_end_user", customer_update},
    {"POST", "/customer/delete", "delete_end_user", customer_delete},
    {"POST", "/customer/block", "block_user", customer_block},
    {"POST", "/customer/unblock", "unblock_user", customer_unblock},
    {"GET", "/customer/info", "end_user_info", customer_info},
    {"GET", "/customer/list", "list_end_user", customer_list},
    {"POST", "/end_user/new", "new_end_user", customer_new},
    {"POST", "/end_user/update", "update_end_user", customer_update},
    {"POST", "/end_user/delete", "delete_end_user", customer_delete},
    {"POST", "/end_user/block", "block_user", customer_block},
    {"POST", "/end_user/unblock", "unblock_user", customer_unblock},
    {"GET", "/end_user/info", "end_user_info", customer_info},
    {"GET", "/end_user/list", "list_end_user", customer_list},
    {"POST", "/budget/new", "new_budget", budget_new},
    {"POST", "/budget/update", "update_budget", budget_update},
    {"POST", "/budget/delete", "delete_budget", budget_delete},
    {"POST", "/budget/info", "info_budget", budget_info},
    {"GET", "/budget/info", "info_budget", budget_info},
    {"GET", "/budget/list", "list_budget", budget_list},
    {"GET", "/ui", "ui", move_to_ui},
    {"GET", "/ui/", "ui", show_ui},
    {"GET", "/ui/{file}", "ui", show_ui},
    {"GET", "/cache/ping", "cache_ping", cache_ping},
    {"GET", "/cache/redis/info", "cache_redis_info", cache_info},
    {"POST", "/cache/delete", "cache_delete", cache_delete},
    {"POST", "/cache/flushall", "cache_flushall", cache_flush},
    {"GET", "/spend/logs", "view_spend_logs", spend_logs},
    {"GET", "/spend/keys", "spend_key_fn", spend_keys},
    {"GET", "/spend/users", "spend_user_fn", spend_users},
    {"GET", "/spend/tags", "view_spend_tags", spend_tags},
    {"POST", "/spend/calculate", "calculate_spend", spend_calculate},
    {"GET", "/global/spend", "global_spend", global_spend},
    {"GET", "/global/spend/{what}", "global_spend_by", global_spend_by},
    {"POST", "/global/spend/reset", "global_spend_reset", global_spend_reset},
    {"GET", "/global/activity", "get_global_activity", global_activity},
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
    {"GET", "/openapi.json", "openapi", show_openapi},
    {"GET", "/docs", "swagger_ui_html", show_docs},
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

bool answers(const Route& route, std::string_view method) {
    return route.method == method || route.method == "*" || (method == "HEAD" && route.method == "GET");
}

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::string shown_path(std::string_view path) {
    constexpr std::size_t kLetters = 4;
    std::string shown;
    while (true) {
        auto segment = path.substr(0, path.find('/'));
        auto plain = http::percent_decode(segment);
        if (plain && plain->starts_with("sk-"))
            shown += "sk-..." + (plain->size() > 2 * kLetters ? plain->substr(plain->size() - kLetters) : "");
        else
            shown += segment;
        if (segment.size() == path.size()) return shown;
        shown += '/';
        path.remove_prefix(segment.size() + 1);
    }
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

namespace {

constexpr Route kPassThrough{"*", "", "pass_through_endpoint", pass_to_endpoint};
constexpr Route kUnoffered{"*", "", "unoffered", refuse_unoffered};

// What the table does not have: endpoints of the configuration, and what is known to be missing.
const Route* find_other_route(const Config& config, std::string_view method, std::string_view path,
                              std::string& parameter) {
    parameter = path;
    if (find_pass_through(config.pass_through, method, path)) return &kPassThrough;
    return why_unoffered(path) ? &kUnoffered : nullptr;
}

}  // namespace

// The route for a path below the root, with the parameter in it; nothing once that has been answered.
const Route* find_route(const Config& config, http::Exchange& exchange, std::string_view path,
                        std::string& parameter) {
    auto& head = exchange.head();
    std::string_view allowed;
    for (auto& route : routes()) {
        auto matched = match_route(route.path, path);
        if (!matched) continue;
        if (answers(route, head.method)) {
            parameter = std::move(*matched);
            return &route;
        }
        allowed = route.method;
    }
    if (allowed.empty()) {
        if (auto other = find_other_route(config, head.method, path, parameter)) return other;
        exchange.log_fields(",\"reason\":\"no such route\"");
        reply_json(exchange, 404, "{\"detail\":\"Not Found\"}");
        return nullptr;
    }
    if (why_unoffered(path)) {
        parameter = path;
        return &kUnoffered;
    }
    auto fields = common_fields(head, call_id(head));
    fields.set("Allow", allowed);
    exchange.log_fields(",\"reason\":\"the route has another method\"");
    reply_json(exchange, 405, "{\"detail\":\"Method Not Allowed\"}", std::move(fields));
    return nullptr;
}

// Whether a request may come in, as far as that is known without asking Valkey.
enum class Entry { Open, Refused, AsksForKey };

Entry look_at(Gateway& gateway, http::Exchange& exchange, const Route& route, std::string_view path) {
    auto models = gateway.models();
    auto& config = models->config();
    auto refuse = [&](const ApiError& error) {
        gateway.refused.add();
        reply_error(exchange, error);
        return Entry::Refused;
    };
    auto client = client_address(config, exchange.peer_address(), exchange.head().fields);
    if (auto refused = check_place(config, client, path)) return refuse(*refused);
    if (is_public_route(config, path)) return Entry::Open;
    if (route.handler == pass_to_endpoint) {
        auto endpoint = find_pass_through(config.pass_through, exchange.head().method, path);
        if (endpoint && !endpoint->needs_key) return Entry::Open;
    }
    bool may_be_virtual = false;
    auto refused = gateway.ledger().check_at_once(exchange.head(), may_be_virtual);
    if (may_be_virtual) return Entry::AsksForKey;
    return refused ? refuse(*refused) : Entry::Open;
}

Awaitable<bool> has_virtual_key(Gateway& gateway, http::Exchange& exchange, std::string_view path) {
    auto error = co_await gateway.ledger().check_virtual(exchange.head(), path);
    if (!error) co_return true;
    gateway.refused.add();
    reply_error(exchange, *error);
    co_return false;
}

Awaitable<void> serve(Gateway& gateway, http::Exchange& exchange) {
    if (exchange.head().method == "OPTIONS") {
        answer_preflight(exchange);
        co_return;
    }
    auto path = path_below(gateway.settings().root_path, exchange.head().path());
    std::string parameter;
    auto models = gateway.models();
    auto* route = find_route(models->config(), exchange, path, parameter);
    if (!route) co_return;
    auto entry = look_at(gateway, exchange, *route, path);
    if (entry == Entry::AsksForKey && co_await has_virtual_key(gateway, exchange, path)) entry = Entry::Open;
    if (entry == Entry::Open) co_await route->handler(gateway, exchange, std::move(parameter));
}

}  // namespace seance::litellm
