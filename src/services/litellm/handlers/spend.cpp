#include "services/litellm/handlers/spend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/hash.hpp"
#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/handlers/spend_call.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/ledger/spend_reader.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRecords = 10'000;

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

Awaitable<void> list_spenders(Gateway& gateway, http::Exchange& exchange, RecordKind kind) {
    auto call = co_await begin_spend(gateway, exchange);
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
    auto call = co_await begin_spend(gateway, exchange);
    if (!call) co_return;
    auto most = call->count("limit", kMostRecords, kMostRecords);
    if (!most) co_return;
    std::optional<UnixMs> from, until;
    bool dated = call->query("start_date").has_value() || call->query("end_date").has_value();
    if (dated) {
        auto span = span_of(*call, 1);
        if (!span) co_return;
        from = span->from;
        until = span->until + kDayMs - 1;
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
    auto records = co_await reader.records(from, until, std::move(filter), *most);
    if (!records) co_return call->away();
    auto summarize = call->query("summarize");
    if (dated && summarize != "false" && summarize != "False" && !key && !user && !request)
        co_return call->reply(summaries(*records));
    std::string list = "[";
    for (auto& text : *records) list += (list.size() > 1 ? "," : "") + text;
    reply_json(exchange, 200, list + "]");
}

// NOLINTBEGIN(performance-unnecessary-value-param): handlers take their parameter by value
Awaitable<void> spend_keys(Gateway& gateway, http::Exchange& exchange, std::string) {
    return list_spenders(gateway, exchange, RecordKind::Key);
}
Awaitable<void> spend_users(Gateway& gateway, http::Exchange& exchange, std::string) {
    return list_spenders(gateway, exchange, RecordKind::User);
}

Awaitable<void> spend_tags(Gateway& gateway, http::Exchange& exchange, std::string) {
    return global_spend_by(gateway, exchange, "tags");
}
// NOLINTEND(performance-unnecessary-value-param)

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

}  // namespace seance::litellm
