#include "services/litellm/handlers/cached.hpp"

#include <fmt/format.h>

#include "core/base/duration.hpp"
#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/handlers/relay.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

// A call that waits for an identical one gives up after this and asks the model itself.
constexpr auto kLongestWait = std::chrono::seconds(120);

ApiError no_cache() {
    return {
        .status = 503,
        .message = "Cache not initialized. Set litellm_settings.cache: true and cache_params in config.yaml.",
        .type = "cache_ping_error"};
}

ApiError valkey_away(const error_code& why) {
    return {.status = 503, .message = "Valkey does not answer: " + why.message(), .type = "cache_ping_error"};
}

std::string params_json(const CacheConfig& config) {
    return fmt::format(
        "{{\"type\":\"{}\",\"namespace\":{},\"ttl\":{},\"server\":{}}}", config.in_valkey ? "redis" : "local",
        json_quote(config.name_space), config.ttl / std::chrono::seconds(1),
        config.in_valkey && config.server ? json_quote(config.server->server.printed()) : "null");
}

Awaitable<bool> send(Gateway& gateway, http::Exchange& exchange, ClientForm& form, const ChatRequest& request,
                     Admission& admission, std::string response) {
    auto root = parse_json(response);
    if (!root || !root->is(JsonKind::Object)) co_return false;
    AnswerContext context;
    context.provider = find_provider("openai");
    context.model = request.model;
    context.id = json_text(json_find(*root, "id")).value_or("chatcmpl-" + random_id());
    context.prompt_estimate = request.prompt_estimate;
    // Asked for by another name, it answers by that name; a stream may have left out its usage.
    std::string completion;
    if (form.call_type() == "acompletion") {
        auto rewritten = rewrite_completion(response, context);
        if (!rewritten) co_return false;
        completion = std::move(rewritten->json);
    } else {
        JsonEdit edit(*root);
        if (edit.has("model")) edit.set("model", json_quote(request.model));
        completion = edit.text();
    }
    auto fields = common_fields(exchange.head(), admission.call_id());
    admission.add_fields(fields, 0);
    fields.set("x-litellm-model-group", admission.model());
    fields.set("x-litellm-attempted-retries", "0");
    fields.set("x-litellm-attempted-fallbacks", "0");
    std::optional<std::string> stream;
    if (request.stream) {
        auto whole = parse_json(completion);
        auto rendered = render_chunks(completion_to_chunks(*whole), form, context, request.include_usage);
        if (!rendered) co_return false;
        stream = std::move(rendered->json);
    }
    Settlement how;
    how.cache_hit = true;
    how.cache_key = admission.cache_wish().key;
    how.model_group = admission.model();
    admission.settle(std::move(how));
    gateway.answered.add();
    if (exchange.is_logged()) exchange.log_fields(",\"cache_hit\":true" + admission.log_fields());
    if (!stream) {
        // Nobody else was asked, so all of it is the gateway's own.
        auto took = print_ms(Clock::now() - admission.started());
        fields.set("x-litellm-response-duration-ms", took);
        fields.set("x-litellm-overhead-duration-ms", took);
        if (form.call_type() == "acompletion") completion = form.whole(std::move(completion), context);
        reply_json(exchange, 200, std::move(completion), std::move(fields));
        co_return true;
    }
    make_stream(fields);
    exchange.start_with_next(200, fields);
    if (!co_await exchange.write(*stream)) co_await exchange.finish();
    co_return true;
}

}  // namespace

Awaitable<bool> answer_from_cache(Gateway& gateway, http::Exchange& exchange, ClientForm& form,
                                  const ChatRequest& request, Admission& admission,
                                  std::unique_ptr<AnswerCache::Lead>& lead) {
    auto& cache = gateway.ledger().cache();
    // Only OpenAI's completions can be replayed as streams.
    if (!cache.config().enabled || (request.stream && form.call_type() != "acompletion")) co_return false;
    static const std::vector<std::string> all;
    auto& allowed = admission.caller().key ? admission.caller().key->cache_controls : all;
    auto resolution = gateway.models()->resolve(admission.model());
    auto wish =
        read_cache_wish(cache.config(), form.call_type(), resolution ? resolution->group : admission.model(),
                        request.root, exchange.head().fields, allowed);
    if (!wish) {
        Settlement refused;
        refused.status = wish.error().status;
        refused.error = wish.error().message;
        admission.settle(std::move(refused));
        reply_error(exchange, wish.error(), form.error_body(wish.error()));
        co_return true;
    }
    // The ids in such an answer are good for the key that it was made for, and for no other.
    if (!wish->key.empty() && form.call_type() == "aresponses") {
        auto hash_at = wish->key.rfind(':') + 1;  // after the namespace, or at the beginning
        auto scope = conversation_scope(exchange.head().fields, gateway.models()->config());
        wish->key.replace(hash_at, std::string::npos, sha256_hex(wish->key.substr(hash_at) + scope));
    }
    admission.set_cache_wish(*wish);
    if (!wish->read) co_return false;
    auto found = co_await cache.find(*wish);
    if (!found && cache.config().coalesce && wish->write) {
        lead = co_await cache.lead_or_wait(wish->key, kLongestWait);
        if (!lead) found = co_await cache.find(*wish);
    }
    if (!found) co_return false;
    co_return co_await send(gateway, exchange, form, request, admission, std::move(*found));
}

Awaitable<void> cache_ping(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto& cache = gateway.ledger().cache();
    auto& config = cache.config();
    if (!config.enabled) co_return reply_error(exchange, no_cache());
    if (!cache.valkey())
        co_return reply_json(
            exchange, 200,
            fmt::format("{{\"status\":\"healthy\",\"cache_type\":\"local\",\"ping_response\":null,"
                        "\"set_cache_response\":\"success\",\"litellm_cache_params\":{}}}",
                        json_quote(params_json(config))));
    std::vector<std::string> ping{"PING"};
    auto pong = co_await cache.valkey()->command(std::move(ping));
    std::vector<std::string> set{"SET", cache.valkey()->key("cache:ping"), "1", "EX", "10"};
    auto kept = co_await cache.valkey()->command(std::move(set));
    if (!pong || !kept) {
        ApiError error{.status = 503,
                       .message = fmt::format("Service Unhealthy (Valkey at {} does not answer: {})",
                                              config.server->server.printed(),
                                              (!pong ? pong.error() : kept.error()).message()),
                       .type = "cache_ping_error"};
        co_return reply_error(exchange, error);
    }
    reply_json(exchange, 200,
               fmt::format("{{\"status\":\"healthy\",\"cache_type\":\"redis\",\"ping_response\":true,"
                           "\"set_cache_response\":\"success\",\"litellm_cache_params\":{}}}",
                           json_quote(params_json(config))));
}

Awaitable<void> cache_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto* valkey = gateway.ledger().cache().valkey();
    if (!valkey) valkey = gateway.ledger().store();
    if (!valkey) co_return reply_error(exchange, no_cache());
    std::vector<std::string> words{"INFO"};
    auto info = co_await valkey->command(std::move(words));
    if (!info) co_return reply_error(exchange, valkey_away(info.error()));
    std::string members;
    for (auto line : split(info->text, '\n')) {
        auto colon = line.find(':');
        line = trim(line);
        if (line.empty() || line.starts_with('#') || colon == std::string_view::npos) continue;
        members += fmt::format("{}{}:{}", members.empty() ? "" : ",", json_quote(line.substr(0, colon)),
                               json_quote(line.substr(colon + 1)));
    }
    reply_json(exchange, 200, fmt::format("{{\"info\":{{{}}}}}", members));
}

Awaitable<void> cache_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto& cache = gateway.ledger().cache();
    if (!cache.config().enabled) co_return reply_error(exchange, no_cache());
    exchange.limit_body(1 << 20);
    auto body = co_await exchange.read_whole_body(1 << 20);
    if (!body) co_return;
    auto root = parse_json(*body);
    auto list = root && root->is(JsonKind::Object) ? json_find(*root, "keys") : std::nullopt;
    if (!list || !list->is(JsonKind::Array))
        co_return reply_error(exchange,
                              bad_request("keys must be a list of cache keys (x-litellm-cache-key)", "keys"));
    std::vector<std::string> keys;
    for (auto& item : json_elements(*list))
        // Nothing but cached answers can be removed here.
        if (auto key = json_text(item); key && !key->starts_with(kPrefix)) keys.push_back(*key);
    auto gone = co_await cache.remove(std::move(keys));
    if (!gone) co_return reply_error(exchange, valkey_away(gone.error()));
    reply_json(exchange, 200, fmt::format("{{\"status\":\"success\",\"deleted_keys\":{}}}", *gone));
}

Awaitable<void> cache_flush(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto& cache = gateway.ledger().cache();
    if (!cache.config().enabled) co_return reply_error(exchange, no_cache());
    auto gone = co_await cache.flush();
    if (!gone) co_return reply_error(exchange, valkey_away(gone.error()));
    reply_json(exchange, 200, fmt::format("{{\"status\":\"success\",\"deleted_keys\":{}}}", *gone));
}

}  // namespace seance::litellm
