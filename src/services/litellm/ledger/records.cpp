#include "services/litellm/ledger/records.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/json_print.hpp"
#include "services/litellm/ledger/budget_gauges.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

std::string index_key(const Store& store, RecordKind kind) {
    return store.record_key("index", name_of(kind));
}
std::string alias_table(const Store& store) {
    return store.key("aliases");
}

std::int64_t number_in(std::string_view text) {
    bool negative = text.starts_with('-');
    auto number = static_cast<std::int64_t>(parse_number(text.substr(negative ? 1 : 0)).value_or(0));
    return negative ? -number : number;
}

}  // namespace

Awaitable<Result<EntityPtr>> Records::get(RecordKind kind, std::string id) {
    std::vector<std::string> words{"GET", store_.record_key(name_of(kind), id)};
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    if (reply->nil()) co_return EntityPtr{};
    co_return read_entity(reply->text);
}

Awaitable<Result<std::vector<EntityPtr>>> Records::get_all(RecordKind kind, std::vector<std::string> ids) {
    std::vector<EntityPtr> found;
    if (ids.empty()) co_return found;
    std::vector<std::string> words{"MGET"};
    for (auto& id : ids) words.push_back(store_.record_key(name_of(kind), id));
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    for (auto& one : reply->list)
        if (!one.nil())
            if (auto record = read_entity(one.text)) found.push_back(std::move(record));
    co_return found;
}

Awaitable<Result<std::vector<std::string>>> Records::ids(RecordKind kind) {
    std::vector<std::string> words{"ZREVRANGE", index_key(store_, kind), "0", "-1"};
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    std::vector<std::string> ids;
    for (auto& one : reply->list) ids.push_back(one.text);
    co_return ids;
}

Awaitable<Result<std::string>> Records::hash_of_alias(std::string alias) {
    std::vector<std::string> words{"HGET", alias_table(store_), alias};
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    co_return reply->text;
}

Awaitable<Result<std::vector<std::string>>> Records::aliases() {
    std::vector<std::string> words{"HKEYS", alias_table(store_)};
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    std::vector<std::string> names;
    for (auto& one : reply->list) names.push_back(one.text);
    std::sort(names.begin(), names.end());
    co_return names;
}

Awaitable<Result<Records::Saved>> Records::save(RecordKind kind, EntityPtr old, json::object record,
                                                UnixMs now) {
    auto id = text_of(record, "id").value_or("");
    if (!record.contains("purse")) record["purse"] = random_id();
    auto purse = text_of(record, "purse").value_or("");
    std::vector<std::string> purse_fields;
    auto set = [&](std::string name, std::string value) {
        purse_fields.push_back(std::move(name));
        purse_fields.push_back(std::move(value));
    };
    auto spend = usd_of(record, "spend");
    if (spend) set("spend", std::to_string(*spend));
    record.erase("spend");
    auto period = read_period(text_of(record, "budget_duration").value_or(""));
    auto before = old ? read_period(text_of(old->json, "budget_duration").value_or("")) : std::nullopt;
    auto code = [](const auto& p) { return p ? p->code() : std::string(); };
    auto begins_anew = period ? std::optional(next_reset(*period, now, now)) : std::nullopt;
    bool other_period = code(period) != code(before);
    if (other_period) {
        set("period", code(period));
        set("reset_at", begins_anew ? std::to_string(*begins_anew) : "");
    }
    if (!record.contains("created_at")) record["created_at"] = print_time(now);
    record["updated_at"] = print_time(now);
    auto created = parse_time(text_of(record, "created_at").value_or("")).value_or(now);
    bool aliased = kind == RecordKind::Key;
    std::vector<std::string> keys{store_.record_key(name_of(kind), id), index_key(store_, kind)};
    auto text = print_json(record);
    std::vector<std::string> arguments{old ? old->text : "",
                                       text,
                                       id,
                                       std::to_string(created),
                                       aliased ? alias_table(store_) : "",
                                       aliased ? text_of(record, "key_alias").value_or("") : "",
                                       purse};
    arguments.insert(arguments.end(), purse_fields.begin(), purse_fields.end());
    auto reply = co_await store_.run(save_script(), std::move(keys), std::move(arguments));
    if (!reply) co_return reply.error();
    if (reply->text == "alias") co_return Saved::AliasTaken;
    if (reply->text != "ok") co_return Saved::Conflict;
    if (auto saved = read_entity(std::move(text))) budget_gauges().change(*saved, now);
    if (spend) budget_gauges().set_spent(purse, *spend);
    if (other_period) budget_gauges().set_begins_anew(purse, begins_anew);
    co_return Saved::Yes;
}

Awaitable<Result<std::int64_t>> Records::remove(RecordKind kind, EntityPtr record, bool with_purse) {
    bool aliased = kind == RecordKind::Key;
    std::vector<std::string> keys{store_.record_key(name_of(kind), record->id), index_key(store_, kind)};
    std::vector<std::string> arguments{record->id, aliased ? alias_table(store_) : "",
                                       aliased ? text_of(record->json, "key_alias").value_or("") : "",
                                       with_purse ? record->purse : ""};
    auto reply = co_await store_.run(remove_script(), std::move(keys), std::move(arguments));
    if (!reply) co_return reply.error();
    if (with_purse) budget_gauges().forget(record->purse);
    co_return reply->integer;
}

Awaitable<error_code> Records::set_spend(std::string purse, NanoUsd spend) {
    std::vector<std::string> words{"HSET", store_.record_key("purse", purse), "spend", std::to_string(spend)};
    auto reply = co_await store_.command(std::move(words));
    if (reply) budget_gauges().set_spent(purse, spend);
    co_return reply ? error_code{} : reply.error();
}

Awaitable<Result<Records::Purse>> Records::purse(std::string id, UnixMs now) {
    std::vector<std::string> words{"HGETALL", store_.record_key("purse", id)};
    auto reply = co_await store_.command(std::move(words));
    if (!reply) co_return reply.error();
    Purse purse;
    std::string period;
    for (std::size_t i = 0; i + 1 < reply->list.size(); i += 2) {
        auto& name = reply->list[i].text;
        auto& value = reply->list[i + 1].text;
        if (name == "spend") purse.spend = number_in(value);
        if (name == "reserved") purse.reserved = number_in(value);
        if (name == "reset_at") purse.reset_at = number_in(value);
        if (name == "period") period = value;
        if (name.starts_with("m:")) purse.by_model[name.substr(2)] = to_usd(number_in(value));
    }
    // A reset that is due happens with the next call; it shows at once.
    if (purse.reset_at && *purse.reset_at <= now && period.size() > 1) {
        auto count = number_in(std::string_view(period).substr(1));
        BudgetPeriod parsed{period[0] == 's' ? count : 0, period[0] == 'm' ? static_cast<int>(count) : 0};
        purse.spend = 0;
        purse.reset_at = next_reset(parsed, *purse.reset_at, now);
    }
    co_return purse;
}

json::object Records::shown(const Entity& record, const Purse& purse) {
    auto shown = record.json;
    shown.erase("id");
    shown.erase("purse");
    shown["spend"] = to_usd(purse.spend);
    if (purse.reset_at)
        shown["budget_reset_at"] = print_time(*purse.reset_at);
    else
        shown["budget_reset_at"] = nullptr;
    return shown;
}

}  // namespace seance::litellm
