#include "services/litellm/handlers/entities.hpp"
#include "services/litellm/handlers/entity_parts.hpp"
#include "services/litellm/ledger/ledger.hpp"

// Teams, which differ from the other entities by their members.
namespace seance::litellm {

namespace json = boost::json;

namespace {

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
Awaitable<void> team_new(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, create_entity, RecordKind::Team);
}
Awaitable<void> team_update(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, update_entity, RecordKind::Team);
}
Awaitable<void> team_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    return with_management(gateway, exchange, remove_entity, RecordKind::Team);
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
    if (co_await change_entity(*call, RecordKind::Team, id, change))
        co_await answer_entity(*call, RecordKind::Team, id);
}
Awaitable<void> team_member_delete(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto user = text_of(call->body, "user_id").value_or("");
    auto id = text_of(call->body, "team_id").value_or("");
    auto change = [&](json::object& team) { drop_member(team, user); };
    if (co_await change_entity(*call, RecordKind::Team, id, change))
        co_await answer_entity(*call, RecordKind::Team, id);
}
Awaitable<void> team_block(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_entity_blocked(gateway, exchange, RecordKind::Team, true);
}
Awaitable<void> team_unblock(Gateway& gateway, http::Exchange& exchange, std::string) {
    return set_entity_blocked(gateway, exchange, RecordKind::Team, false);
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
    auto info = co_await settled_entity(*call, RecordKind::Team, id);
    if (!info) co_return;
    auto keys = co_await keys_of(*call, "team_id", id);
    if (!keys) co_return call->away();
    json::object whole{
        {"team_id", id}, {"team_info", *info}, {"keys", *keys}, {"team_memberships", json::array()}};
    call->reply(whole);
}
Awaitable<void> team_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await list_entities(*call, RecordKind::Team, "");
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace seance::litellm
