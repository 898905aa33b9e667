#include <fmt/format.h>

#include <algorithm>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/paging.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/ledger/ledger.hpp"

// What is known of models beside their names.
namespace seance::litellm {
namespace {

// The sum, the largest or the first of a number over the deployments of a group.
struct GroupInfo {
    std::vector<std::string> providers;
    std::string mode;
    std::uint64_t most_input = 0, most_output = 0;
    std::string input_cost, output_cost;  // JSON of the first that names one
    double tpm = 0, rpm = 0;
    bool has_tpm = false, has_rpm = false;
    std::vector<std::pair<std::string, bool>> abilities;  // supports_…

    void add(const Deployment& deployment, const config::Sources& environment, const PriceBook& prices) {
        auto choice = choose_provider(deployment.litellm_model, deployment.forced_provider,
                                      deployment.api_base, environment);
        auto name = choice.provider ? std::string(choice.provider->prefix) : std::string("unknown");
        if (std::find(providers.begin(), providers.end(), name) == providers.end()) providers.push_back(name);
        if (mode.empty()) mode = deployment.mode;
        if (deployment.tpm) has_tpm = true, tpm += *deployment.tpm;
        if (deployment.rpm) has_rpm = true, rpm += *deployment.rpm;
        auto text = prices.info(deployment);
        auto root = parse_json(text);
        JsonFields info(root);
        most_input = std::max(most_input, info.count("max_input_tokens"));
        most_output = std::max(most_output, info.count("max_output_tokens"));
        auto first = [&](const char* key, std::string& into) {
            if (auto value = info.find(key, JsonKind::Number); value && into.empty()) into = value->text;
        };
        first("input_cost_per_token", input_cost);
        first("output_cost_per_token", output_cost);
        for (auto& member : info.members()) {
            if (!member.key.starts_with("supports_")) continue;
            bool able = member.value.is(JsonKind::True);
            auto known = std::find_if(abilities.begin(), abilities.end(),
                                      [&](auto& one) { return one.first == member.key; });
            if (known == abilities.end())
                abilities.emplace_back(member.key, able);
            else
                known->second = known->second || able;
        }
    }

    std::string json(std::string_view group) const {
        JsonArray names;
        for (auto& provider : providers) names.add_text(provider);
        auto number = [](std::uint64_t value) {
            return value > 0 ? std::to_string(value) : std::string("null");
        };
        JsonObject out;
        out.text("model_group", group)
            .raw("providers", names.str())
            .raw("max_input_tokens", number(most_input))
            .raw("max_output_tokens", number(most_output))
            .raw("input_cost_per_token", input_cost.empty() ? "null" : input_cost)
            .raw("output_cost_per_token", output_cost.empty() ? "null" : output_cost)
            .text("mode", mode)
            .raw("tpm", has_tpm ? fmt::format("{}", tpm) : "null")
            .raw("rpm", has_rpm ? fmt::format("{}", rpm) : "null");
        auto with = abilities;
        for (std::string key :
             {"supports_vision", "supports_function_calling", "supports_parallel_function_calling"})
            if (std::none_of(with.begin(), with.end(), [&](auto& one) { return one.first == key; }))
                with.emplace_back(key, false);
        for (auto& [key, able] : with) out.raw(key, able ? "true" : "false");
        return out.str();
    }
};

}  // namespace

Awaitable<void> model_group_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto wanted = http::query_value(exchange.head().query(), "model_group");
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto& prices = gateway.ledger().prices();
    JsonArray list;
    for (auto& name : models->public_names(true)) {
        if ((wanted && *wanted != name) || !gateway.ledger().may_use(*caller, name)) continue;
        auto target = name;
        for (auto& alias : models->config().aliases)
            if (alias.name == name) target = alias.target;
        GroupInfo info;
        for (auto& deployment : models->config().deployments)
            if (deployment->model_name == target) info.add(*deployment, models->config().environment, prices);
        if (!info.providers.empty()) list.add(info.json(name));
    }
    reply_json(exchange, 200, JsonObject().raw("data", list.str()).str());
}

Awaitable<void> model_info_pages(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto query = exchange.head().query();
    auto model = http::query_value(query, "model");
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto page = parse_page(query, "size", 50);
    if (!page) co_return reply_error(exchange, page.error());
    auto& prices = gateway.ledger().prices();
    std::size_t total = 0;
    JsonArray list;
    for (auto& deployment : models->config().deployments) {
        if (model && deployment->model_name != *model) continue;
        if (!gateway.ledger().may_use(*caller, deployment->model_name)) continue;
        auto at = total++;
        if (at / page->size + 1 != page->number) continue;
        list.add(JsonObject()
                     .text("model_name", deployment->model_name)
                     .raw("litellm_params", deployment->params_json)
                     .raw("model_info", prices.info(*deployment))
                     .str());
    }
    reply_json(exchange, 200,
               JsonObject()
                   .raw("data", list.str())
                   .number("total_count", total)
                   .number("current_page", page->number)
                   .number("total_pages", page->count(total))
                   .number("size", page->size)
                   .str());
}

// By the estimate that limits and spend use where an upstream does not count.
Awaitable<void> token_counter(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto& config = models->config();
    auto body = co_await exchange.read_whole_body(config.max_body);
    if (!body) co_return;  // the server answers
    auto request = parse_call_request(std::move(*body), exchange.head().fields, "", "", config);
    if (!request) {
        reply_error(exchange, request.error());
        co_return;
    }
    std::optional<JsonValue> text;
    for (auto key : {"messages", "prompt", "contents"})
        if (!text) text = json_find(request->root, key);
    if (!text) {
        reply_error(exchange, bad_request("Missing required parameter: 'messages' or 'prompt'.", "messages"));
        co_return;
    }
    auto resolution = models->resolve(request->model);
    auto used =
        resolution && !resolution->candidates.empty() ? resolution->candidates.front().model : request->model;
    reply_json(exchange, 200,
               JsonObject()
                   .number("total_tokens", estimate_tokens(text->text))
                   .text("request_model", request->model)
                   .text("model_used", used)
                   .text("tokenizer_type", "estimate")
                   .str());
}

}  // namespace seance::litellm
