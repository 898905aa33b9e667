#include "services/litellm/handlers/entities.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/handlers/management.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr int kMostTries = 5;  // of a change that another one came in between
constexpr std::size_t kMostListed = 1000;

std::string id_field(RecordKind kind) {
    return std::string(name_of(kind)) + "_id";
}
// A customer is named user_id, as in the body of its calls.
std::string sent_id_field(RecordKind kind) {
    return kind == RecordKind::Customer ? "user_id" : id_field(kind);
}

ApiError unknown(RecordKind kind, std::string_view id) {
    return not_found(fmt::format("{} not found: {}", name_of(kind), id), sent_id_field(kind));
}

Awaitable<std::optional<json::object>> shown(Management& call, RecordKind kind, std::string id) {
    auto record = co_await call.records.get(kind, id);
    if (!record || !*record) co_return std::nullopt;
    auto purse = co_await call.records.purse((*record)->purse, call.now);
    if (!purse) co_return std::nullopt;
    auto info = Records::shown(**record, *purse);
    info[sent_id_field(kind)] = id;
    co_return info;
}

Awaitable<bool> answer(Management& call, RecordKind kind, std::string id) {
    auto info = co_await shown(call, kind, id);
    if (!info)
        call.away();
    else
        call.reply(*info);
    co_return info.has_value();
}

Awaitable<void> create(Management& call, RecordKind kind) {
    auto fields = call.fields(kind);
    if (!fields) co_return;
    auto id = text_of(call.body, sent_id_field(kind)).value_or("");
    if (id.empty() && kind == RecordKind::Customer)
        co_return call.refuse(
            bad_request("user_id is required: the `user` that calls of this customer send", "user_id"));
    if (id.empty()) id = random_uuid();
    if (id.size() > 256)
        co_return call.refuse(bad_request("an id has at most 256 characters", sent_id_field(kind)));
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
    co_await answer(call, kind, id);
}

// False: it has answered.
template <class Change>
Awaitable<bool> change_record(Management& call, RecordKind kind, std::string id, Change change) {
    if (id.empty()) {
        call.refuse(bad_request(sent_id_field(kind) + " is required", sent_id_field(kind)));
        co_return false;
    }
    for (int tries = 0; tries < kMostTries; ++tries) {
        auto found = co_await call.records.get(kind, id);
        if (!found) {
            call.away();
            co_return false;
        }
        if (!*found) {
            call.refuse(unknown(kind, id));
            co_return false;
        }
        auto record = (*found)->json;
        change(record);
        auto saved = co_await call.records.save(kind, *found, std::move(record), call.now);
        if (!saved) {
            call.away();
            co_return false;
        }
        if (*saved == Records::Saved::Yes) co_return true;
    }
    ApiError error{
        .status = 409, .message = "the record is being changed by others; try again", .type = "conflict"};
    call.refuse(error);
    co_return false;
}

Awaitable<void> update(Management& call, RecordKind kind) {
    auto fields = call.fields(kind);
    if (!fields) co_return;
    auto id = text_of(call.body, sent_id_field(kind)).value_or("");
    auto change = [&fields](json::object& record) {
        for (auto& [name, value] : *fields) record[name] = value;
    };
    if (co_await change_record(call, kind, id, change)) co_await answer(call, kind, id);
}

Awaitable<void> remove(Management& call, RecordKind kind) {
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
        auto removed = co_await call.records.remove(kind, *found, true);
        if (!removed) co_return call.away();
        gone += *removed;
    }
    if (gone == 0) co_return call.refuse(unknown(kind, list.front()));
    json::object done{{fmt::format("deleted_{}s", name_of(kind)), gone}};
    call.reply(done);
}

Awaitable<std::optional<json::array>> keys_of(Management& call, std::string_view field, std::string id) {
    auto ids = co_await call.records.ids(RecordKind::Key);
    if (!ids) co_return std::nullopt;
    auto keys = co_await call.records.get_all(RecordKind::Key, std::move(*ids));
    if (!keys) co_return std::nullopt;
    json::array list;
    for (auto& key : *keys) {
        if ((field == "user_id" ? key->user_id : key->team_id) != id) continue;
        auto purse = co_await call.records.purse(key->purse, call.now);
        if (!purse) co_return std::nullopt;
        auto info = Records::shown(*key, *purse);
        info["token"] = key->id;
        list.emplace_back(std::move(info));
    }
    co_return list;
}

Awaitable<void> list_all(Management& call, RecordKind kind, std::string_view wrapped) {
    auto ids = co_await call.records.ids(kind);
    if (!ids) co_return call.away();
    auto size = call.query_number("page_size", kMostListed, kMostListed),
         page = call.query_number("page", 1, 1'000'000);
    json::array list;
    for (auto at = (page - 1) * size; at < std::min(page * size, ids->size()); ++at)
        if (auto info = co_await shown(call, kind, (*ids)[at])) list.emplace_back(std::move(*info));
    if (wrapped.empty()) co_return call.reply(list);
    json::object whole{{wrapped, list}, {"total", ids->size()}, {"page", page}, {"page_size", size}};
    call.reply(whole);
}

Awaitable<void> set_blocked(Gateway& gateway, http::Exchange& exchange, RecordKind kind, bool blocked) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto ids = texts_of(call->body, sent_id_field(kind) + "s");
    if (ids.empty()) ids.push_back(text_of(call->body, sent_id_field(kind)).value_or(""));
    auto change = [blocked](json::object& record) { record["blocked"] = blocked; };
    for (auto& id : ids)
        if (!co_await change_record(*call, kind, id, change)) co_return;
    co_await answer(*call, kind, ids.front());
}

using Work = Awaitable<void> (*)(Management&, RecordKind);
Awaitable<void> with_call(Gateway& gateway, http::Exchange& exchange, Work work, RecordKind kind) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await work(*call, kind);
}

std::vector<json::object> members_in(const json::object& body) {
    std::vector<json::object> members;
    auto given = body.if_contains("member");
    if (given && given->is_object()) members.push_back(given->get_object());
    if (given && given->is_array())
        for (auto& one : given->get_array())
            if (one.is_object()) members.push_back(one.get_object());
    if (members.empty() && text_of(body, "user_id"))
        members.push_back({{"user_id", *text_of(body, "user_id")}});
    return members;
}

void drop_member(json::object& team, std::string_view user) {
    auto list = team.if_contains("members_with_roles");
    if (!list || !list->is_array()) return;
    json::array kept;
    for (auto& member : list->get_array())
        if (!member.is_object() || text_of(member.get_object(), "user_id") != user) kept.push_back(member);
    team["members_with_roles"] = kept;
    if (auto budgets = team.if_contains("member_budgets"); budgets && budgets->is_object())
        budgets->get_object().erase(user);
}

}  // namespace

// The routes' handlers all take their parameter by value: most are coroutines, which outlive their callers.
// NOLINTBEGIN(performance-unnecessary-value-param)
Awaitable<void> user_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, create, RecordKind::User);
}
Awaitable<void> user_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, update, RecordKind::User);
}
Awaitable<void> user_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, remove, RecordKind::User);
}
Awaitable<void> user_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto id = call->query("user_id").value_or(call->caller.key ? call->caller.key->user_id : "");
    if (!call->caller.is_admin() && (!call->caller.key || id != call->caller.key->user_id || id.empty())) {
        ApiError error{.status = 403,
                       .message = "You may see your own user only.",
                       .type = "auth_error",
                       .param = "user_id"};
        co_return call->refuse(error);
    }
    co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto found = co_await call->records.get(RecordKind::User, id);
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown(RecordKind::User, id));
    auto info = co_await shown(*call, RecordKind::User, id);
    auto keys = co_await keys_of(*call, "user_id", id);
    if (!info || !keys) co_return call->away();
    json::object whole{{"user_id", id}, {"user_info", *info}, {"keys", *keys}, {"teams", json::array()}};
    call->reply(whole);
}
Awaitable<void> user_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_all(*call, RecordKind::User, "users");
}

Awaitable<void> team_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, create, RecordKind::Team);
}
Awaitable<void> team_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, update, RecordKind::Team);
}
Awaitable<void> team_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, remove, RecordKind::Team);
}
Awaitable<void> team_member_add(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto members = members_in(call->body);
    if (members.empty())
        co_return call->refuse(bad_request("member must be {user_id, role} or a list of them", "member"));
    if (!call->has_known_fields(RecordKind::Team)) co_return;
    auto budget = number_of(call->body, "max_budget_in_team");
    auto id = text_of(call->body, "team_id").value_or("");
    auto change = [&](json::object& team) {
        for (auto& member : members) {
            auto user = text_of(member, "user_id").value_or("");
            drop_member(team, user);
            auto& list = team["members_with_roles"];
            if (!list.is_array()) list = json::array();
            list.get_array().push_back(
                json::object{{"user_id", user}, {"role", text_of(member, "role").value_or("user")}});
            if (!budget) continue;
            auto& budgets = team["member_budgets"];
            if (!budgets.is_object()) budgets = json::object();
            budgets.get_object()[user] = *budget;
        }
    };
    if (co_await change_record(*call, RecordKind::Team, id, change))
        co_await answer(*call, RecordKind::Team, id);
}
Awaitable<void> team_member_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto user = text_of(call->body, "user_id").value_or("");
    auto id = text_of(call->body, "team_id").value_or("");
    auto change = [&](json::object& team) { drop_member(team, user); };
    if (co_await change_record(*call, RecordKind::Team, id, change))
        co_await answer(*call, RecordKind::Team, id);
}
Awaitable<void> team_block(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, RecordKind::Team, true);
}
Awaitable<void> team_unblock(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, RecordKind::Team, false);
}
Awaitable<void> team_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto id = call->query("team_id").value_or(call->caller.key ? call->caller.key->team_id : "");
    if (!call->caller.is_admin() && (!call->caller.key || id != call->caller.key->team_id || id.empty())) {
        ApiError error{.status = 403,
                       .message = "You may see your own team only.",
                       .type = "auth_error",
                       .param = "team_id"};
        co_return call->refuse(error);
    }
    co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto found = co_await call->records.get(RecordKind::Team, id);
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown(RecordKind::Team, id));
    auto info = co_await shown(*call, RecordKind::Team, id);
    auto keys = co_await keys_of(*call, "team_id", id);
    if (!info || !keys) co_return call->away();
    json::object whole{
        {"team_id", id}, {"team_info", *info}, {"keys", *keys}, {"team_memberships", json::array()}};
    call->reply(whole);
}
Awaitable<void> team_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_all(*call, RecordKind::Team, "");
}

Awaitable<void> customer_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, create, RecordKind::Customer);
}
Awaitable<void> customer_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, update, RecordKind::Customer);
}
Awaitable<void> customer_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, remove, RecordKind::Customer);
}
Awaitable<void> customer_block(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, RecordKind::Customer, true);
}
Awaitable<void> customer_unblock(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_blocked(gateway, exchange, RecordKind::Customer, false);
}
Awaitable<void> customer_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto id = call->query("end_user_id").value_or(call->query("user_id").value_or(""));
    co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto found = co_await call->records.get(RecordKind::Customer, id);
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown(RecordKind::Customer, id));
    co_await answer(*call, RecordKind::Customer, id);
}
Awaitable<void> customer_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_all(*call, RecordKind::Customer, "");
}

Awaitable<void> budget_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, create, RecordKind::Budget);
}
Awaitable<void> budget_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, update, RecordKind::Budget);
}
Awaitable<void> budget_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_call(gateway, exchange, remove, RecordKind::Budget);
}
Awaitable<void> budget_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto ids = texts_of(call->body, "budgets");
    if (auto one = call->query("budget_id")) ids.push_back(*one);
    json::array list;
    for (auto& id : ids)
        if (auto info = co_await shown(*call, RecordKind::Budget, id)) list.emplace_back(std::move(*info));
    call->reply(list);
}
Awaitable<void> budget_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_all(*call, RecordKind::Budget, "");
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace seance::litellm
