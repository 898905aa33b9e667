#include <fmt/format.h>

#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/domain/unknown_fields.hpp"
#include "services/litellm/handlers/entity_parts.hpp"
#include "services/litellm/handlers/key_parts.hpp"
#include "services/litellm/handlers/keys.hpp"
#include "services/litellm/ledger/ledger.hpp"

// What is changed of keys that there are.
namespace seance::litellm {

namespace json = boost::json;

namespace {

// True once saved; else it has answered.
Awaitable<bool> change_key(Management& call, std::string key, std::function<void(json::object&)> change) {
    auto change_by = [&call, change = std::move(change)](json::object& record) {
        change(record);
        record["updated_by"] = call.who();
    };
    auto unknown = unknown_key(key);
    co_return co_await change_record(call, RecordKind::Key, hash_of_key(key), std::move(unknown),
                                     std::move(change_by));
}

Awaitable<std::optional<json::object>> update_one(Management& call) {
    auto key = text_of(call.body, "key");
    if (!key || key->empty()) {
        call.refuse(bad_request("key is required", "key"));
        co_return std::nullopt;
    }
    auto fields = call.fields(RecordKind::Key);
    if (!fields) co_return std::nullopt;
    if (!co_await has_references(call, *fields)) co_return std::nullopt;
    clamp_fields(*fields, call.gateway.ledger().config().key_bounds, call.now, Clamp::Change);
    auto change = [&fields](json::object& record) { apply_to_key(record, *fields); };
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
            auto missing = co_await missing_reference(*call, *fields);
            if (!missing) co_return call->away();
            if (*missing) problem = (*missing)->message;
        }
        if (problem.empty()) {
            auto record = (*found)->json;
            clamp_fields(*fields, gateway.ledger().config().key_bounds, call->now, Clamp::Change);
            apply_to_key(record, *fields);
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
