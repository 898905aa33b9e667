#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "services/litellm/handlers/spend.hpp"
#include "services/litellm/handlers/spend_call.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/ledger/spend_reader.hpp"

// Sums over everybody: /global/*.
namespace seance::litellm {
namespace {

namespace json = boost::json;

std::vector<std::pair<std::string, SpendSum>> by_spend(
    const std::map<std::string, SpendSum, std::less<>>& sums) {
    std::vector<std::pair<std::string, SpendSum>> sorted(sums.begin(), sums.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](auto& a, auto& b) { return a.second.spend > b.second.spend; });
    return sorted;
}

json::object sum_json(const SpendSum& sum) {
    return {{"spend", to_usd(sum.spend)},  {"requests", sum.requests},
            {"prompt_tokens", sum.prompt}, {"completion_tokens", sum.completion},
            {"failures", sum.failures},    {"cache_hits", sum.cache_hits}};
}

Awaitable<std::map<std::string, std::string>> aliases_of(Management& call, std::vector<std::string> hashes) {
    std::map<std::string, std::string> names;
    if (auto keys = co_await call.records.get_all(RecordKind::Key, std::move(hashes)))
        for (auto& key : *keys)
            names[key->id] = key->alias.empty() ? text_of(key->json, "key_name").value_or("") : key->alias;
    co_return names;
}

Awaitable<json::array> top_keys(Management& call, const DaySums& sums, std::size_t most) {
    auto sorted = by_spend(sums.of(name_of(SpendKind::Key)));
    if (sorted.size() > most) sorted.resize(most);
    std::vector<std::string> hashes;
    hashes.reserve(sorted.size());
    for (auto& [hash, sum] : sorted) hashes.push_back(hash);
    auto names = co_await aliases_of(call, hashes);
    json::array list;
    for (auto& [hash, sum] : sorted) {
        auto one = sum_json(sum);
        one["api_key"] = hash;
        auto name = names.find(hash);
        one["key_alias"] = name != names.end() ? name->second : is_hex(hash, 64) ? hash.substr(0, 12) : hash;
        one["total_spend"] = to_usd(sum.spend);
        list.emplace_back(std::move(one));
    }
    co_return list;
}

}  // namespace

Awaitable<void> global_spend(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_spend(gateway, exchange);
    if (!call) co_return;
    auto purse = co_await call->records.purse("global", call->now);
    if (!purse) co_return call->away();
    auto& budget = gateway.ledger().config().proxy_budget;
    json::object answer{{"spend", to_usd(purse->spend)}, {"max_budget", budget ? to_usd(*budget) : 0.0}};
    call->reply(answer);
}

Awaitable<void> global_spend_by(Gateway& gateway, http::Exchange& exchange, std::string what) {
    auto call = co_await begin_spend(gateway, exchange);
    if (!call) co_return;
    auto days_wanted = call->count("days", 30, 3650);
    if (!days_wanted) co_return;
    auto span = span_of(*call, static_cast<int>(*days_wanted));
    if (!span) co_return;
    SpendReader reader(*gateway.ledger().patient_store());
    auto days = co_await reader.days(span->from, span->until);
    if (!days) co_return call->away();
    DaySums sums;
    for (auto& day : *days) sums.add(day.sums);
    json::array list;
    if (what == "logs") {
        auto key = call->query("api_key");
        for (auto& day : *days) {
            auto spend = day.sums.all().spend;
            if (key) {
                auto& of_keys = day.sums.of(name_of(SpendKind::Key));
                auto found = of_keys.find(key->starts_with("sk-") ? sha256_hex(*key) : *key);
                spend = found == of_keys.end() ? 0 : found->second.spend;
            }
            list.emplace_back(json::object{{"date", day.date}, {"spend", to_usd(spend)}});
        }
    } else if (what == "by_day" || what == "report") {
        auto kind = call->query("group_by").value_or("model");
        if (kind == "api_key") kind = "key";
        if (kind == "end_user") kind = "customer";
        if (std::find(kSpendKinds.begin(), kSpendKinds.end(), kind) == kSpendKinds.end())
            co_return call->refuse(bad_request(
                fmt::format("group_by is \"{}\"; write {}", kind, fmt::join(kSpendKinds, ", ")), "group_by"));
        for (auto& day : *days) {
            json::object groups;
            for (auto& [id, sum] : day.sums.of(kind)) groups[id] = sum_json(sum);
            auto one = sum_json(day.sums.all());
            one["date"] = day.date;
            one["groups"] = std::move(groups);
            list.emplace_back(std::move(one));
        }
    } else if (what == "keys") {
        auto most = call->count("limit", 10, 1000);
        if (!most) co_return;
        list = co_await top_keys(*call, sums, *most);
    } else if (what == "models" || what == "provider" || what == "tags" || what == "end_users" ||
               what == "teams") {
        auto kind = name_of(what == "models"      ? SpendKind::Model
                            : what == "provider"  ? SpendKind::Provider
                            : what == "tags"      ? SpendKind::Tag
                            : what == "end_users" ? SpendKind::Customer
                                                  : SpendKind::Team);
        for (auto& [id, sum] : by_spend(sums.of(kind))) {
            auto one = sum_json(sum);
            one[what == "tags"        ? "individual_request_tag"
                : what == "end_users" ? "end_user"
                                      : std::string(kind)] = id;
            one["total_spend"] = to_usd(sum.spend);
            one["log_count"] = sum.requests;
            list.emplace_back(std::move(one));
        }
    } else {
        co_return reply_json(exchange, 404, "{\"detail\":\"Not Found\"}");
    }
    call->reply(list);
}

Awaitable<void> global_activity(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_spend(gateway, exchange);
    if (!call) co_return;
    auto span = span_of(*call, 30);
    if (!span) co_return;
    SpendReader reader(*gateway.ledger().patient_store());
    auto days = co_await reader.days(span->from, span->until);
    if (!days) co_return call->away();
    SpendSum whole;
    json::array daily;
    for (auto& day : *days) {
        auto sum = day.sums.all();
        whole.add(sum);
        daily.emplace_back(json::object{{"date", day.date},
                                        {"api_requests", sum.requests},
                                        {"total_tokens", sum.prompt + sum.completion}});
    }
    json::object answer{{"daily_data", daily},
                        {"sum_api_requests", whole.requests},
                        {"sum_total_tokens", whole.prompt + whole.completion}};
    call->reply(answer);
}

Awaitable<void> global_spend_reset(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_spend(gateway, exchange);
    if (!call) co_return;
    if (call->caller.kind == Caller::Kind::Key) {
        ApiError error{.status = 401,
                       .message = "Authentication Error, Only the master key may reset all spend.",
                       .type = "auth_error"};
        co_return call->refuse(error);
    }
    for (auto kind : {RecordKind::Key, RecordKind::Team}) {
        auto ids = co_await call->records.ids(kind);
        if (!ids) co_return call->away();
        auto all = co_await call->records.get_all(kind, std::move(*ids));
        if (!all) co_return call->away();
        for (auto& one : *all)
            if (co_await call->records.set_spend(one->purse, 0)) co_return call->away();
    }
    if (co_await call->records.set_spend("global", 0)) co_return call->away();
    json::object answer{{"message", "Spend for all API Keys and Teams reset successfully"},
                        {"status", "success"}};
    call->reply(answer);
}

}  // namespace seance::litellm
