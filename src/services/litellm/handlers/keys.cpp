#include "services/litellm/handlers/keys.hpp"

#include <fmt/format.h>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/domain/unknown_fields.hpp"
#include "services/litellm/handlers/key_parts.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr std::size_t kLeastOwnKey = 8, kMostOwnKey = 256;
constexpr int kMostTries = 5;  // of a change that another one came in between

// "sk-" and 16 random bytes in URL-safe base64 without padding.
std::string new_secret() {
    auto text = base64_encode(random_bytes(16));
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return "sk-" + text;
}

ApiError alias_taken(std::string_view alias) {
    return bad_request(
        fmt::format("Key with alias '{}' already exists. Unique key aliases across all keys are "
                    "required.",
                    alias),
        "key_alias");
}

// Every field of a key, so that answers always have the same shape.
void complete(json::object& record) {
    static constexpr std::string_view null[] = {"key_alias",
                                                "expires",
                                                "max_budget",
                                                "soft_budget",
                                                "budget_duration",
                                                "budget_id",
                                                "max_parallel_requests",
                                                "tpm_limit",
                                                "rpm_limit",
                                                "user_id",
                                                "team_id",
                                                "organization_id",
                                                "blocked"};
    static constexpr std::string_view lists[] = {"models", "allowed_routes", "allowed_cache_controls", "tags",
                                                 "guardrails"};
    static constexpr std::string_view maps[] = {"aliases",        "config",           "permissions",
                                                "metadata",       "model_max_budget", "model_rpm_limit",
                                                "model_tpm_limit"};
    for (auto name : null)
        if (!record.contains(name)) record[name] = nullptr;
    for (auto name : lists)
        if (!record.contains(name) || record[name].is_null()) record[name] = json::array();
    for (auto name : maps)
        if (!record.contains(name) || record[name].is_null()) record[name] = json::object();
}

Awaitable<void> generate(Management& call, bool service_account) {
    auto& config = call.gateway.ledger().config();
    if (auto refused = check_generation(config.key_generation, call.body)) co_return call.refuse(*refused);
    auto fields = call.fields(RecordKind::Key);
    if (!fields) co_return;
    auto defaults = read_fields(RecordKind::Key, config.key_defaults, call.now);
    if (defaults) fill_fields(*fields, *defaults, call.body);
    clamp_fields(*fields, config.key_bounds, call.now, Clamp::Whole);
    if (service_account && !text_of(*fields, "team_id"))
        co_return call.refuse(bad_request("a service account needs a team_id", "team_id"));
    if (service_account) fields->erase("user_id");
    if (auto team = text_of(*fields, "team_id"); team && !team->empty()) {
        auto found = co_await call.records.get(RecordKind::Team, *team);
        if (!found) co_return call.away();
        if (!*found)
            co_return call.refuse(not_found(
                fmt::format("Team not found. team_id={}. Make it first with /team/new.", *team), "team_id"));
    }
    auto own = text_of(call.body, "key");
    if (own && (!own->starts_with("sk-") || own->size() < kLeastOwnKey || own->size() > kMostOwnKey))
        co_return call.refuse(
            bad_request(fmt::format("Invalid key format. A key starts with 'sk-' and has {} to {} "
                                    "characters",
                                    kLeastOwnKey, kMostOwnKey),
                        "key"));
    auto secret = own.value_or(new_secret());
    auto hash = sha256_hex(secret);
    auto& record = *fields;
    record["id"] = hash;
    record["key_name"] = name_of_key(secret);
    record["created_by"] = call.who();
    record["updated_by"] = call.who();
    if (service_account) record["key_type"] = text_of(record, "key_type").value_or("default");
    complete(record);
    auto alias = text_of(record, "key_alias").value_or("");
    auto saved = co_await call.records.save(RecordKind::Key, nullptr, std::move(record), call.now);
    if (!saved) co_return call.away();
    if (*saved == Records::Saved::AliasTaken) co_return call.refuse(alias_taken(alias));
    if (*saved == Records::Saved::Conflict)
        co_return call.refuse(bad_request("a key with this value exists already", "key"));
    auto info = co_await key_shown(call, hash);
    if (!info) co_return call.away();
    (*info)["key"] = secret;
    (*info)["token_id"] = hash;
    call.reply(*info);
}

// Changes one record, again if somebody else changed it meanwhile. True once saved; else it has answered.
template <class Change>
Awaitable<bool> change_key(Management& call, std::string key, Change change) {
    auto hash = hash_of_key(key);
    for (int tries = 0; tries < kMostTries; ++tries) {
        auto found = co_await call.records.get(RecordKind::Key, hash);
        if (!found) {
            call.away();
            co_return false;
        }
        if (!*found) {
            call.refuse(unknown_key(key));
            co_return false;
        }
        auto record = (*found)->json;
        change(record);
        record["updated_by"] = call.who();
        auto alias = text_of(record, "key_alias").value_or("");
        auto saved = co_await call.records.save(RecordKind::Key, *found, std::move(record), call.now);
        if (!saved) {
            call.away();
            co_return false;
        }
        if (*saved == Records::Saved::AliasTaken) {
            call.refuse(alias_taken(alias));
            co_return false;
        }
        if (*saved == Records::Saved::Yes) co_return true;
    }
    ApiError error{
        .status = 409, .message = "the key is being changed by others; try again", .type = "conflict"};
    call.refuse(error);
    co_return false;
}

// Null clears; what is not named stays.
void apply(json::object& record, const json::object& fields) {
    for (auto& [name, value] : fields) record[name] = value;
    complete(record);
}

Awaitable<std::optional<json::object>> update_one(Management& call) {
    auto key = text_of(call.body, "key");
    if (!key || key->empty()) {
        call.refuse(bad_request("key is required", "key"));
        co_return std::nullopt;
    }
    auto fields = call.fields(RecordKind::Key);
    if (!fields) co_return std::nullopt;
    clamp_fields(*fields, call.gateway.ledger().config().key_bounds, call.now, Clamp::Change);
    auto change = [&fields](json::object& record) { apply(record, *fields); };
    if (!co_await change_key(call, *key, change)) co_return std::nullopt;
    auto info = co_await key_shown(call, hash_of_key(*key));
    if (!info)
        call.away();
    else
        (*info)["key"] = *key;
    co_return info;
}

// One of many updates: what is wrong with it stands in the answer.
Answer<json::object> updated_fields(const json::object& update, UnixMs now) {
    auto unknown = unknown_fields(RecordKind::Key, update);
    if (unknown.slip) return std::move(*unknown.slip);
    tell_of_fields(RecordKind::Key, unknown.without_effect);
    return read_fields(RecordKind::Key, update, now);
}

Awaitable<void> set_blocked(Gateway& gateway, http::Exchange& exchange, bool blocked) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto key = text_of(call->body, "key").value_or("");
    auto change = [blocked](json::object& record) { record["blocked"] = blocked; };
    if (!co_await change_key(*call, key, change)) co_return;
    if (auto info = co_await key_shown(*call, hash_of_key(key)))
        call->reply(*info);
    else
        call->away();
}

}  // namespace

Awaitable<void> key_generate(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await generate(*call, false);
}

Awaitable<void> key_service_account(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await generate(*call, true);
}

Awaitable<void> key_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    if (auto info = co_await update_one(*call)) call->reply(*info);
}

Awaitable<void> key_bulk_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto list = call->body.if_contains("keys");
    if (!list || !list->is_array() || list->get_array().size() > 500)
        co_return call->refuse(
            bad_request("keys must be a list of at most 500 updates, each with its key", "keys"));
    json::array good, bad;
    auto updates = list->get_array();
    for (auto& one : updates) {
        auto key = one.is_object() ? text_of(one.get_object(), "key").value_or("") : "";
        auto fields = one.is_object() ? updated_fields(one.get_object(), call->now)
                                      : Answer<json::object>(bad_request("an update must be an object"));
        auto found = co_await call->records.get(RecordKind::Key, hash_of_key(key));
        if (!found) co_return call->away();
        std::string problem;
        if (!fields)
            problem = fields.error().message;
        else if (!*found)
            problem = unknown_key(key).message;
        if (problem.empty()) {
            auto record = (*found)->json;
            clamp_fields(*fields, gateway.ledger().config().key_bounds, call->now, Clamp::Change);
            apply(record, *fields);
            auto saved = co_await call->records.save(RecordKind::Key, *found, std::move(record), call->now);
            if (!saved) co_return call->away();
            if (*saved == Records::Saved::AliasTaken)
                problem = alias_taken(text_of(*fields, "key_alias").value_or("")).message;
            if (*saved == Records::Saved::Conflict) problem = "the key is being changed by others; try again";
        }
        if (problem.empty()) {
            auto info = co_await key_shown(*call, hash_of_key(key));
            good.push_back(
                json::object{{"key", key}, {"key_info", info ? json::value(*info) : json::value()}});
        } else {
            bad.push_back(json::object{{"key", key}, {"failed_reason", problem}});
        }
    }
    json::object answer{
        {"total_requested", updates.size()}, {"successful_updates", good}, {"failed_updates", bad}};
    call->reply(answer);
}

Awaitable<void> key_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto keys = texts_of(call->body, "keys"), aliases = texts_of(call->body, "key_aliases");
    if (keys.empty() && aliases.empty())
        co_return call->refuse(bad_request("keys or key_aliases must name what to delete", "keys"));
    for (auto& alias : aliases) {
        auto hash = co_await call->records.hash_of_alias(alias);
        if (!hash) co_return call->away();
        if (!hash->empty()) keys.push_back(*hash);
    }
    json::array deleted;
    for (auto& key : keys) {
        auto found = co_await call->records.get(RecordKind::Key, hash_of_key(key));
        if (!found) co_return call->away();
        if (!*found) continue;
        auto gone = co_await call->records.remove(RecordKind::Key, *found, true);
        if (!gone) co_return call->away();
        if (*gone > 0) deleted.emplace_back(key);
    }
    if (deleted.empty()) co_return call->refuse(not_found("none of these keys is known", "keys"));
    json::object answer{{"deleted_keys", deleted}};
    call->reply(answer);
}

// A new secret for the same limits and spend; the old one stops at once.
Awaitable<void> key_regenerate(Gateway& gateway, http::Exchange& exchange, std::string parameter) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto key = parameter.empty() ? text_of(call->body, "key").value_or("") : parameter;
    auto found = co_await call->records.get(RecordKind::Key, hash_of_key(key));
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown_key(key));
    auto fields = call->fields(RecordKind::Key);
    if (!fields) co_return;
    auto own = text_of(call->body, "new_key");
    if (own && (!own->starts_with("sk-") || own->size() < kLeastOwnKey || own->size() > kMostOwnKey))
        co_return call->refuse(bad_request("new_key must start with 'sk-'", "new_key"));
    auto secret = own.value_or(new_secret());
    auto hash = sha256_hex(secret);
    // The old record goes first, so that at no time two secrets open the same purse.
    auto record = (*found)->json;
    clamp_fields(*fields, gateway.ledger().config().key_bounds, call->now, Clamp::Change);
    apply(record, *fields);
    record["id"] = hash;
    record["key_name"] = name_of_key(secret);
    record["updated_by"] = call->who();
    auto gone = co_await call->records.remove(RecordKind::Key, *found, false);
    if (!gone) co_return call->away();
    auto saved = co_await call->records.save(RecordKind::Key, nullptr, std::move(record), call->now);
    if (!saved) co_return call->away();
    if (*saved != Records::Saved::Yes) {
        // Back to what was.
        co_await call->records.save(RecordKind::Key, nullptr, (*found)->json, call->now);
        co_return call->refuse(bad_request("the new key or its alias is taken", "new_key"));
    }
    auto info = co_await key_shown(*call, hash);
    if (!info) co_return call->away();
    (*info)["key"] = secret;
    (*info)["token_id"] = hash;
    call->reply(*info);
}

Awaitable<void> key_reset_spend(Gateway& gateway, http::Exchange& exchange, std::string key) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto found = co_await call->records.get(RecordKind::Key, hash_of_key(key));
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown_key(key));
    auto asked = call->body.if_contains("reset_to");
    if (!asked && !call->body.empty())
        co_return call->refuse(bad_request(
            "reset_to is missing: what the spend becomes, in USD; an empty body is 0", "reset_to"));
    auto to = asked ? usd_of(call->body, "reset_to").value_or(-1) : 0;
    if (to < 0)
        co_return call->refuse(bad_request("reset_to must be an amount in USD, not negative", "reset_to"));
    co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto before = co_await call->records.purse((*found)->purse, call->now);
    auto set = co_await call->records.set_spend((*found)->purse, to);
    if (!before || set) co_return call->away();
    json::object answer{
        {"key_hash", hash_of_key(key)},
        {"spend", to_usd(to)},
        {"previous_spend", to_usd(before->spend)},
        {"max_budget",
         (*found)->json.contains("max_budget") ? (*found)->json.at("max_budget") : json::value()},
        {"budget_reset_at", before->reset_at ? json::value(print_time(*before->reset_at)) : json::value()}};
    call->reply(answer);
}

// By value as every route's handler, since most are coroutines.
// NOLINTBEGIN(performance-unnecessary-value-param)
Awaitable<void> key_block(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, true);
}
Awaitable<void> key_unblock(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, false);
}
// NOLINTEND(performance-unnecessary-value-param)

}  // namespace seance::litellm
