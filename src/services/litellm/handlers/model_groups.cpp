#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>

#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

// What several deployments of one name offer together.
struct GroupInfo {
    std::vector<std::string> providers;
    std::map<std::string, boost::json::value>
        best;  // per key of the price table: the largest window, lowest price
    std::map<std::string, bool> supports;
    double rpm = 0, tpm = 0;
    std::string mode = "chat";
};

constexpr std::string_view kLargest[] = {"max_tokens", "max_input_tokens", "max_output_tokens"};
constexpr std::string_view kLowest[] = {"input_cost_per_token", "output_cost_per_token"};
constexpr std::string_view kSupports[] = {"supports_vision",     "supports_function_calling",
                                          "supports_reasoning",  "supports_parallel_function_calling",
                                          "supports_web_search", "supports_url_context"};

double number(const boost::json::value& value) {
    return value.is_number() ? value.to_number<double>() : 0;
}

void add(GroupInfo& group, const Deployment& deployment, const boost::json::object& facts,
         std::string_view provider) {
    if (!provider.empty() &&
        std::find(group.providers.begin(), group.providers.end(), provider) == group.providers.end())
        group.providers.emplace_back(provider);
    auto keep = [&](std::string_view key, auto better) {
        auto value = facts.if_contains(key);
        if (!value || !value->is_number()) return;
        auto [at, fresh] = group.best.emplace(std::string(key), *value);
        if (!fresh && better(number(*value), number(at->second))) at->second = *value;
    };
    for (auto key : kLargest) keep(key, [](double a, double b) { return a > b; });
    for (auto key : kLowest) keep(key, [](double a, double b) { return a < b; });
    for (auto key : kSupports)
        if (auto value = facts.if_contains(key))
            group.supports[std::string(key)] |= value->is_bool() && value->as_bool();
    group.rpm += deployment.rpm.value_or(0);
    group.tpm += deployment.tpm.value_or(0);
    group.mode = deployment.mode;
}

std::string render(std::string_view name, const GroupInfo& group) {
    std::string providers;
    for (auto& provider : group.providers) providers += (providers.empty() ? "" : ",") + json_quote(provider);
    auto out = fmt::format("{{\"model_group\":{},\"providers\":[{}],\"mode\":{}", json_quote(name), providers,
                           json_quote(group.mode));
    auto value_of = [&](std::string_view key) {
        auto found = group.best.find(std::string(key));
        return found == group.best.end() ? std::string("null") : boost::json::serialize(found->second);
    };
    for (auto key : kLargest) out += fmt::format(",\"{}\":{}", key, value_of(key));
    for (auto key : kLowest) out += fmt::format(",\"{}\":{}", key, value_of(key));
    out += group.tpm > 0 ? fmt::format(",\"tpm\":{:.0f}", group.tpm) : ",\"tpm\":null";
    out += group.rpm > 0 ? fmt::format(",\"rpm\":{:.0f}", group.rpm) : ",\"rpm\":null";
    for (auto key : kSupports) {
        auto found = group.supports.find(std::string(key));
        out += fmt::format(",\"{}\":{}", key, found != group.supports.end() && found->second);
    }
    return out + "}";
}

}  // namespace

Awaitable<void> model_group_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto wanted = http::query_value(exchange.head().query(), "model_group");
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    auto models = gateway.models();
    auto& prices = gateway.ledger().prices();
    std::vector<std::string> order;
    std::map<std::string, GroupInfo> groups;
    for (auto& deployment : models->config().deployments) {
        auto& name = deployment->model_name;
        if ((wanted && name != *wanted) || !gateway.ledger().may_use(*caller, name)) continue;
        if (!groups.contains(name)) order.push_back(name);
        auto choice = choose_provider(deployment->litellm_model, deployment->forced_provider,
                                      deployment->api_base, models->config().environment);
        add(groups[name], *deployment, prices.entry(*deployment),
            choice.provider ? choice.provider->prefix : std::string_view{});
    }
    std::string list;
    for (auto& name : order) list += (list.empty() ? "" : ",") + render(name, groups[name]);
    reply_json(exchange, 200, fmt::format("{{\"data\":[{}]}}", list));
}

}  // namespace seance::litellm
