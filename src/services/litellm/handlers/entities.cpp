#include "services/litellm/handlers/entities.hpp"

#include "services/litellm/handlers/entity_parts.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {

namespace json = boost::json;

// The routes' handlers all take their parameter by value: most are coroutines, which outlive their callers.
// NOLINTBEGIN(performance-unnecessary-value-param)
Awaitable<void> user_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, create_entity, RecordKind::User);
}
Awaitable<void> user_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, update_entity, RecordKind::User);
}
Awaitable<void> user_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, remove_entity, RecordKind::User);
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
    auto info = co_await settled_entity(*call, RecordKind::User, id);
    if (!info) co_return;
    auto keys = co_await keys_of(*call, "user_id", id);
    if (!keys) co_return call->away();
    json::object whole{{"user_id", id}, {"user_info", *info}, {"keys", *keys}, {"teams", json::array()}};
    call->reply(whole);
}
Awaitable<void> user_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_entities(*call, RecordKind::User, "users");
}

Awaitable<void> customer_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, create_entity, RecordKind::Customer);
}
Awaitable<void> customer_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, update_entity, RecordKind::Customer);
}
Awaitable<void> customer_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, remove_entity, RecordKind::Customer);
}
Awaitable<void> customer_block(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_entity_blocked(gateway, exchange, RecordKind::Customer, true);
}
Awaitable<void> customer_unblock(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_entity_blocked(gateway, exchange, RecordKind::Customer, false);
}
Awaitable<void> customer_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto id = call->query("end_user_id").value_or(call->query("user_id").value_or(""));
    auto info = co_await settled_entity(*call, RecordKind::Customer, id);
    if (info) call->reply(*info);
}
Awaitable<void> customer_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_entities(*call, RecordKind::Customer, "");
}

Awaitable<void> budget_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, create_entity, RecordKind::Budget);
}
Awaitable<void> budget_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, update_entity, RecordKind::Budget);
}
Awaitable<void> budget_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, remove_entity, RecordKind::Budget);
}
Awaitable<void> budget_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto ids = texts_of(call->body, "budgets");
    if (auto one = call->query("budget_id")) ids.push_back(*one);
    json::array list;
    for (auto& id : ids)
        if (auto info = co_await entity_shown(*call, RecordKind::Budget, id))
            list.emplace_back(std::move(*info));
    call->reply(list);
}
Awaitable<void> budget_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_entities(*call, RecordKind::Budget, "");
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace seance::litellm
