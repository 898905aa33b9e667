#include "services/litellm/handlers/spend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/hash.hpp"
#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/handlers/management.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/ledger/spend_reader.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::size_t kMostRecords = 10'000;
constexpr auto kSettleWait = std::chrono::milliseconds(500);

// A call, with everything posted so far in Valkey.
Awaitable<std::unique_ptr<Management>> begin(Gateway& gateway, http::Exchange& exchange) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await gateway.ledger().courier()->settled(kSettleWait);
    co_return call;
}

struct Span {
    UnixMs from, until;  // the first and the last day, at their beginnings
};

// start_date and end_date; else the last `days` days. Nothing once it has refused.
std::optional<Span> span_of(const Management& call, int days) {
    Span span{call.now - (days - 1) * kDay, call.now};
    for (auto [name, place] : {std::pair("start_date", &span.from), std::pair("end_date", &span.until)}) {
        auto text = call.query(name);
        if (!text) continue;
        auto day = parse_day(text->substr(0, 10));
        if (!day) {
            call.refuse(
                bad_request(fmt::format("{} is \"{}\"; write a day such as 2026-11-25", name, *text), name));
            return std::nullopt;
        }
        *place = *day;
    }
    return span;
}

std::vector<std::pair<std::string, SpendSum>> by_spend(
    const std::map<std::string, SpendSum, std::less<>>& sums) {
    std::vector<std::pair<std::string, SpendSum>> sorted(sums.begin(), sums.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](auto& a, auto& b) { return a.second.spend > b.second.spend; });
    return sorted;
}

// Of which keys somebody may see records: all, or those of one user or key.
std::function<bool(const json::object&)> seen_by(const Caller& caller) {
    if (caller.is_admin()) return [](auto&) { return true; };
    auto key = caller.key ? caller.key->id : std::string();
    auto user = caller.key ? caller.key->user_id : std::string();
    return [key, user](const json::object& record) {
        return text_of(record, "api_key") == key || (!user.empty() && text_of(record, "user") == user);
    };
}

json::array summaries(const std::vector<std::string>& records) {
    struct Sum {
        double spend = 0;
        std::map<std::string, double> users, models, keys;
    };
    std::map<std::string, Sum> days;
    for (auto& text : records) {
        auto record = json::parse(text).get_object();
        auto spend = number_of(record, "spend").value_or(0);
        auto& day = days[text_of(record, "startTime").value_or("").substr(0, 10)];
        day.spend += spend;
        day.users[text_of(record, "user").value_or("")] += spend;
        day.models[text_of(record, "model").value_or("")] += spend;
        day.keys[text_of(record, "api_key").value_or("")] += spend;
    }
    json::array list;
    for (auto& [date, sum] : days) {
        json::object one{{"startTime", date}, {"spend", sum.spend}};
        auto map = [](auto& from) {
            json::object to;
            for (auto& [name, spend] : from) to[name] = spend;
            return to;
        };
        one["users"] = map(sum.users);
        one["models"] = map(sum.models);
        for (auto& [key, spend] : sum.keys) one[key] = spend;
        list.emplace_back(std::move(one));
    }
    return list;
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

Awaitable<json::array> top_keys(Management& call, const DaySums& sums) {
    auto sorted = by_spend(sums.of("key"));
    auto most = call.query_number("limit", 10, 1000);
    if (sorted.size() > most) sorted.resize(most);
    std::vector<std::string> hashes;
    for (auto& [hash, sum] : sorted) hashes.push_back(hash);
    auto names = co_await aliases_of(call, hashes);
    json::array list;
    for (auto& [hash, sum] : sorted) {
        auto one = sum_json(sum);
        one["api_key"] = hash;
        auto name = names.find(hash);
        one["key_alias"] = name == names.end() ? hash.substr(0, 12) : name->second;
        one["total_spend"] = to_usd(sum.spend);
        list.emplace_back(std::move(one));
    }
    co_return list;
}

Awaitable<void> list_spenders(Gateway& gateway, http::Exchange& exchange, RecordKind kind) {
    auto call = co_await begin(gateway, exchange);
    if (!call) co_return;
    auto ids = co_await call->records.ids(kind);
    if (!ids) co_return call->away();
    auto all = co_await call->records.get_all(kind, std::move(*ids));
    if (!all) co_return call->away();
    std::vector<std::pair<NanoUsd, json::object>> rows;
    for (auto& one : *all) {
        auto purse = co_await call->records.purse(one->purse, call->now);
        if (!purse) co_return call->away();
        auto row = Records::shown(*one, *purse);
        row[kind == RecordKind::Key ? "token" : "user_id"] = one->id;
        rows.emplace_back(purse->spend, std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.first > b.first; });
    json::array list;
    for (auto& [spend, row] : rows) list.emplace_back(std::move(row));
    call->reply(list);
}

}  // namespace

Awaitable<void> spend_logs(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin(gateway, exchange);
    if (!call) co_return;
    std::optional<UnixMs> from, until;
    bool dated = call->query("start_date").has_value() || call->query("end_date").has_value();
    if (dated) {
        auto span = span_of(*call, 1);
        if (!span) co_return;
        from = span->from;
        until = span->until + kDay - 1;
    }
    auto key = call->query("api_key");
    if (key && key->starts_with("sk-")) key = sha256_hex(*key);
    auto user = call->query("user_id"), request = call->query("request_id");
    auto seen = seen_by(call->caller);
    auto wanted = [=](std::string_view text) {
        // A look at the bytes spares reading most records.
        for (auto* word : {&key, &user, &request})
            if (*word && text.find(**word) == std::string_view::npos) return false;
        boost::system::error_code wrong;
        auto value = json::parse({text.data(), text.size()}, wrong);
        if (wrong || !value.is_object()) return false;
        auto& record = value.get_object();
        if (key && text_of(record, "api_key") != key) return false;
        if (user && text_of(record, "user") != user) return false;
        if (request && text_of(record, "request_id") != request) return false;
        auto started = parse_time(text_of(record, "startTime").value_or("")).value_or(0);
        if ((from && started < *from) || (until && started > *until)) return false;
        return seen(record);
    };
    std::function<bool(std::string_view)> filter = wanted;
    SpendReader reader(*gateway.ledger().patient_store());
    auto most = call->query_number("limit", kMostRecords, kMostRecords);
    auto records = co_await reader.records(from, until, std::move(filter), most);
    if (!records) co_return call->away();
    auto summarize = call->query("summarize");
    if (dated && summarize != "false" && summarize != "False" && !key && !user && !request)
        co_return call->reply(summaries(*records));
    std::string list = "[";
    for (auto& text : *records) list += (list.size() > 1 ? "," : "") + text;
    reply_json(exchange, 200, list + "]");
}

Awaitable<void> spend_keys(Gateway& gateway, http::Exchange& exchange, std::string) {
    return list_spenders(gateway, exchange, RecordKind::Key);
}
Awaitable<void> spend_users(Gateway& gateway, http::Exchange& exchange, std::string) {
    return list_spenders(gateway, exchange, RecordKind::User);
}

Awaitable<void> spend_tags(Gateway& gateway, http::Exchange& exchange, std::string) {
    return global_spend_by(gateway, exchange, "tags");
}

Awaitable<void> spend_calculate(Gateway& gateway, http::Exchange& exchange, std::string) {
    // Needs no store.
    exchange.limit_body(4 << 20);
    auto text = co_await exchange.read_whole_body(4 << 20);
    if (!text) co_return;
    auto root = parse_json(*text);
    if (!root || !root->is(JsonKind::Object))
        co_return reply_error(exchange, bad_request("the body must be a JSON object"));
    auto completion = json_find(*root, "completion_response");
    bool done = completion && completion->is(JsonKind::Object);
    auto model = json_text(json_find(*root, "model"));
    if (!model && done) model = json_text(json_find(*completion, "model"));
    if (!model)
        co_return reply_error(
            exchange, bad_request("model is required, or completion_response with its model", "model"));
    Usage usage;
    if (done) {
        usage = read_usage(json_find(*completion, "usage")).value_or(Usage{});
    } else if (auto messages = json_find(*root, "messages")) {
        usage.prompt = estimate_tokens(messages->text);
    } else {
        co_return reply_error(exchange,
                              bad_request("messages or completion_response is required", "messages"));
    }
    auto models = gateway.models();
    auto& prices = gateway.ledger().prices();
    std::optional<Price> price;
    if (auto found = models->resolve(*model); found && !found->candidates.empty()) {
        auto& deployment = *found->candidates.front().deployment;
        auto choice = choose_provider(found->candidates.front().model, deployment.forced_provider,
                                      deployment.api_base, models->config().environment);
        price = prices.find(deployment, choice.provider ? choice.provider->prefix : "", choice.model);
    }
    if (!price) price = prices.find("", *model);
    if (!price) {
        auto choice = choose_provider(*model, "", "", models->config().environment);
        if (choice.provider) price = prices.find(choice.provider->prefix, choice.model);
    }
    if (!price && !usage.cost)
        co_return reply_error(
            exchange, bad_request(fmt::format("the price of {} is not known; set input_cost_per_token "
                                              "and output_cost_per_token on its deployment",
                                              *model),
                                  "model"));
    reply_json(exchange, 200,
               fmt::format("{{\"cost\":{}}}", print_usd(cost_of(price.value_or(Price{}), usage))));
}

Awaitable<void> global_spend(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin(gateway, exchange);
    if (!call) co_return;
    auto purse = co_await call->records.purse("global", call->now);
    if (!purse) co_return call->away();
    auto& budget = gateway.ledger().config().proxy_budget;
    json::object answer{{"spend", to_usd(purse->spend)}, {"max_budget", budget ? to_usd(*budget) : 0.0}};
    call->reply(answer);
}

Awaitable<void> global_spend_by(Gateway& gateway, http::Exchange& exchange, std::string what) {
    auto call = co_await begin(gateway, exchange);
    if (!call) co_return;
    auto days_wanted = static_cast<int>(call->query_number("days", 30, 3650));
    auto span = span_of(*call, days_wanted);
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
                auto found = day.sums.of("key").find(key->starts_with("sk-") ? sha256_hex(*key) : *key);
                spend = found == day.sums.of("key").end() ? 0 : found->second.spend;
            }
            list.emplace_back(json::object{{"date", day.date}, {"spend", to_usd(spend)}});
        }
    } else if (what == "by_day" || what == "report") {
        auto kind = call->query("group_by").value_or("model");
        if (kind == "api_key") kind = "key";
        for (auto& day : *days) {
            json::object groups;
            for (auto& [id, sum] : day.sums.of(kind)) groups[id] = sum_json(sum);
            auto one = sum_json(day.sums.all());
            one["date"] = day.date;
            one["groups"] = std::move(groups);
            list.emplace_back(std::move(one));
        }
    } else if (what == "keys") {
        list = co_await top_keys(*call, sums);
    } else if (what == "models" || what == "provider" || what == "tags" || what == "end_users" ||
               what == "teams") {
        std::string_view kind = what == "models"      ? "model"
                                : what == "provider"  ? "provider"
                                : what == "tags"      ? "tag"
                                : what == "end_users" ? "customer"
                                                      : "team";
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
    auto call = co_await begin(gateway, exchange);
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
    auto call = co_await begin(gateway, exchange);
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
