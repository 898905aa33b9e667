#include "services/litellm/handlers/entity_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/handlers/key_parts.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {

namespace json = boost::json;

namespace {

constexpr int kMostTries = 5;  // of a change that another one came in between
constexpr std::size_t kUsuallyListed = 1000;

}  // namespace

std::string sent_id_field(RecordKind kind) {
    return kind == RecordKind::Customer ? "user_id" : std::string(name_of(kind)) + "_id";
}

ApiError unknown_entity(RecordKind kind, std::string_view id) {
    return not_found(fmt::format("{} not found: {}", name_of(kind), id), sent_id_field(kind));
}

namespace {

Awaitable<std::optional<json::object>> shown_with_spend(Management& call, RecordKind kind, EntityPtr record) {
    auto purse = co_await call.records.purse(record->purse, call.now);
    if (!purse) co_return std::nullopt;
    auto info = Records::shown(*record, *purse);
    info[sent_id_field(kind)] = record->id;
    co_return info;
}

// Whose user or team, as `field` says, is the one with that id.
Awaitable<Result<std::vector<EntityPtr>>> key_records_of(Management& call, std::string_view field,
                                                         std::string id) {
    auto ids = co_await call.records.ids(RecordKind::Key);
    if (!ids) co_return ids.error();
    auto keys = co_await call.records.get_all(RecordKind::Key, std::move(*ids));
    if (!keys) co_return keys.error();
    std::erase_if(*keys, [&](const EntityPtr& key) {
        return (field == "user_id" ? key->user_id : key->team_id) != id;
    });
    co_return std::move(*keys);
}

// A key whose team or user is gone would have none of their limits left: it goes as well, and first. False:
// Valkey does not answer.
Awaitable<bool> remove_keys_of(Management& call, std::string_view field, std::string id) {
    auto keys = co_await key_records_of(call, field, std::move(id));
    if (!keys) co_return false;
    for (auto& key : *keys)
        if (!co_await call.records.remove(RecordKind::Key, key, true)) co_return false;
    co_return true;
}

}  // namespace

Awaitable<Result<Failure>> missing_reference(Management& call, const json::object& fields) {
    static constexpr RecordKind kinds[] = {RecordKind::Team, RecordKind::Budget};
    for (auto kind : kinds) {
        auto field = sent_id_field(kind);
        auto id = text_of(fields, field).value_or("");
        if (id.empty()) continue;
        auto found = co_await call.records.get(kind, id);
        if (!found) co_return found.error();
        if (*found) continue;
        auto word = kind == RecordKind::Team ? "Team" : "Budget";
        co_return Failure(not_found(
            fmt::format("{} not found. {}={}. Make it first with /{}/new.", word, field, id, name_of(kind)),
            field));
    }
    co_return Failure();
}

Awaitable<bool> has_references(Management& call, const json::object& fields) {
    auto missing = co_await missing_reference(call, fields);
    if (!missing)
        call.away();
    else if (*missing)
        call.refuse(**missing);
    co_return missing && !*missing;
}

Awaitable<std::optional<json::object>> entity_shown(Management& call, RecordKind kind, std::string id) {
    auto record = co_await call.records.get(kind, id);
    if (!record || !*record) co_return std::nullopt;
    co_return co_await shown_with_spend(call, kind, *record);
}

Awaitable<std::optional<json::object>> settled_entity(Management& call, RecordKind kind, std::string id) {
    co_await call.gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto record = co_await call.records.get(kind, id);
    if (record && !*record) {
        call.refuse(unknown_entity(kind, id));
        co_return std::nullopt;
    }
    std::optional<json::object> info;
    if (record) info = co_await shown_with_spend(call, kind, *record);
    if (!info) call.away();
    co_return info;
}

Awaitable<bool> answer_entity(Management& call, RecordKind kind, std::string id) {
    auto info = co_await entity_shown(call, kind, id);
    if (!info)
        call.away();
    else
        call.reply(*info);
    co_return info.has_value();
}

Awaitable<void> create_entity(Management& call, RecordKind kind) {
    auto fields = call.fields(kind);
    if (!fields) co_return;
    auto id = text_of(call.body, sent_id_field(kind)).value_or("");
    if (id.empty() && kind == RecordKind::Customer)
        co_return call.refuse(
            bad_request("user_id is required: the `user` that calls of this customer send", "user_id"));
    if (id.empty()) id = random_uuid();
    if (id.size() > 256)
        co_return call.refuse(bad_request("an id has at most 256 characters", sent_id_field(kind)));
    if (!co_await has_references(call, *fields)) co_return;
    auto& record = *fields;
    record["id"] = id;
    record["created_by"] = call.who();
    if (kind == RecordKind::Team) {
        fill_fields(record, call.gateway.ledger().config().team_defaults, call.body);
        json::array members;
        if (auto given = call.body.if_contains("members_with_roles"); given && given->is_array())
            members = given->get_array();
        record["members_with_roles"] = members;
    }
    auto saved = co_await call.records.save(kind, nullptr, std::move(record), call.now);
    if (!saved) co_return call.away();
    if (*saved != Records::Saved::Yes)
        co_return call.refuse(
            bad_request(fmt::format("{} {} exists already; use /{}/update", name_of(kind), id, name_of(kind)),
                        sent_id_field(kind)));
    co_await answer_entity(call, kind, id);
}

Awaitable<bool> change_record(Management& call, RecordKind kind, std::string id, ApiError unknown,
                              std::function<void(json::object&)> change) {
    for (int tries = 0; tries < kMostTries; ++tries) {
        auto found = co_await call.records.get(kind, id);
        if (!found) {
            call.away();
            co_return false;
        }
        if (!*found) {
            call.refuse(unknown);
            co_return false;
        }
        auto record = (*found)->json;
        change(record);
        auto alias = text_of(record, "key_alias").value_or("");
        auto saved = co_await call.records.save(kind, *found, std::move(record), call.now);
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
    ApiError error{.status = 409,
                   .message = fmt::format("the {} is being changed by others; try again",
                                          kind == RecordKind::Key ? "key" : "record"),
                   .type = "conflict"};
    call.refuse(error);
    co_return false;
}

Awaitable<bool> change_entity(Management& call, RecordKind kind, std::string id,
                              std::function<void(json::object&)> change) {
    if (id.empty()) {
        call.refuse(bad_request(sent_id_field(kind) + " is required", sent_id_field(kind)));
        co_return false;
    }
    auto unknown = unknown_entity(kind, id);
    co_return co_await change_record(call, kind, std::move(id), std::move(unknown), std::move(change));
}

Awaitable<void> update_entity(Management& call, RecordKind kind) {
    auto fields = call.fields(kind);
    if (!fields) co_return;
    if (!co_await has_references(call, *fields)) co_return;
    auto id = text_of(call.body, sent_id_field(kind)).value_or("");
    auto change = [&fields](json::object& record) {
        for (auto& [name, value] : *fields) record[name] = value;
    };
    if (co_await change_entity(call, kind, id, change)) co_await answer_entity(call, kind, id);
}

Awaitable<void> remove_entity(Management& call, RecordKind kind) {
    auto field = sent_id_field(kind);
    auto list = texts_of(call.body, field + "s");
    if (list.empty())
        if (auto one = text_of(call.body, kind == RecordKind::Budget ? "id" : field)) list.push_back(*one);
    if (list.empty()) co_return call.refuse(bad_request(field + "s must name what to delete", field + "s"));
    std::int64_t gone = 0;
    for (auto& id : list) {
        auto found = co_await call.records.get(kind, id);
        if (!found) co_return call.away();
        if (!*found) continue;
        bool has_keys = kind == RecordKind::Team || kind == RecordKind::User;
        if (has_keys)
            if (!co_await remove_keys_of(call, field, id)) co_return call.away();
        auto removed = co_await call.records.remove(kind, *found, true);
        if (!removed) co_return call.away();
        gone += *removed;
    }
    if (gone == 0) co_return call.refuse(unknown_entity(kind, list.front()));
    json::object done{{fmt::format("deleted_{}s", name_of(kind)), gone}};
    call.reply(done);
}

Awaitable<std::optional<json::array>> keys_of(Management& call, std::string_view field, std::string id) {
    auto keys = co_await key_records_of(call, field, std::move(id));
    if (!keys) co_return std::nullopt;
    json::array list;
    for (auto& key : *keys) {
        auto purse = co_await call.records.purse(key->purse, call.now);
        if (!purse) co_return std::nullopt;
        auto info = Records::shown(*key, *purse);
        info["token"] = key->id;
        list.emplace_back(std::move(info));
    }
    co_return list;
}

Awaitable<void> list_entities(Management& call, RecordKind kind, std::string_view wrapped) {
    auto page = call.page("page_size", kUsuallyListed);
    if (!page) co_return;
    auto ids = co_await call.records.ids(kind);
    if (!ids) co_return call.away();
    json::array list;
    for (auto at = page->begin(); at < page->end(ids->size()); ++at)
        if (auto info = co_await entity_shown(call, kind, (*ids)[at])) list.emplace_back(std::move(*info));
    if (wrapped.empty()) co_return call.reply(list);
    json::object whole{
        {wrapped, list}, {"total", ids->size()}, {"page", page->number}, {"page_size", page->size}};
    call.reply(whole);
}

Awaitable<void> set_entity_blocked(Gateway& gateway, http::Exchange& exchange, RecordKind kind,
                                   bool blocked) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto ids = texts_of(call->body, sent_id_field(kind) + "s");
    if (ids.empty()) ids.push_back(text_of(call->body, sent_id_field(kind)).value_or(""));
    auto change = [blocked](json::object& record) { record["blocked"] = blocked; };
    for (auto& id : ids)
        if (!co_await change_entity(*call, kind, id, change)) co_return;
    co_await answer_entity(*call, kind, ids.front());
}

Awaitable<void> with_management(Gateway& gateway, http::Exchange& exchange, EntityWork work,
                                RecordKind kind) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await work(*call, kind);
}

}  // namespace seance::litellm
