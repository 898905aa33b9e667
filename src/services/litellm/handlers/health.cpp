#include <fmt/format.h>

#include <algorithm>

#include "services/litellm/config/deployment_reader.hpp"
#include "services/litellm/config/link_reader.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/health_check.hpp"

namespace seance::litellm {
namespace {

std::string describe(const HealthCheck& check, bool details) {
    auto out = fmt::format("{{\"model\":{},\"model_id\":{}", json_quote(check.model),
                           json_quote(check.deployment->id));
    if (details) {
        out += fmt::format(",\"model_name\":{}", json_quote(check.deployment->model_name));
        auto base = check.api_base.substr(0, check.api_base.find('?'));
        if (!base.empty()) out += fmt::format(",\"api_base\":{}", json_quote(base));
        if (check.problem) out += fmt::format(",\"error\":{}", json_quote(*check.problem));
    }
    return out + "}";
}

// What is wrong with the files on disk, if the gateway does not run what they say.
std::string config_error(const Gateway& gateway) {
    auto problem = gateway.source().problem();
    return problem ? fmt::format(",\"config_error\":{}", json_quote(*problem)) : std::string();
}

}  // namespace

Awaitable<void> health(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto models = gateway.models();
    auto& config = models->config();
    auto model = http::query_value(exchange.head().query(), "model");
    auto id = http::query_value(exchange.head().query(), "model_id");
    auto caller = co_await gateway.ledger().caller(exchange.head());
    if (!caller) co_return reply_error(exchange, caller.error());
    // A key sees what it may use.
    auto may_see = [&](const Deployment& deployment) {
        return gateway.ledger().may_use(*caller, deployment.model_name);
    };
    auto wanted = [&](const Deployment& deployment) {
        if (!may_see(deployment)) return false;
        if (model && *model != deployment.model_name && *model != deployment.litellm_model) return false;
        return !id || *id == deployment.id;
    };
    if (id && std::none_of(config.deployments.begin(), config.deployments.end(),
                           [&](auto& one) { return one->id == *id && may_see(*one); })) {
        ApiError error{.status = 404,
                       .message = fmt::format("Model with ID {} not found", id->substr(0, 100)),
                       .type = "invalid_request_error",
                       .param = "model_id"};
        co_return reply_error(exchange, error);
    }
    HealthChecks checks;
    auto last = config.background_health_checks ? last_background_checks() : nullptr;
    if (last) {
        for (auto& check : *last)
            if (wanted(*check->deployment)) checks.push_back(check);
    } else {
        for (auto& deployment : config.deployments)
            if (wanted(*deployment)) checks.push_back(make_check(gateway, deployment));
        std::function<void()> stop = [checks] {
            for (auto& check : checks) check->scope->end(CallScope::Ended::ClientGone);
        };
        exchange.on_disconnect(std::move(stop));
        co_await examine_all(gateway, models, checks);
    }
    std::string healthy, unhealthy;
    int good = 0, bad = 0;
    for (auto& check : checks) {
        auto& list = check->problem ? unhealthy : healthy;
        ++(check->problem ? bad : good);
        list += (list.empty() ? "" : ",") + describe(*check, config.health_details);
    }
    reply_json(exchange, 200,
               fmt::format("{{\"healthy_endpoints\":[{}],\"unhealthy_endpoints\":[{}],\"healthy_count\":{},"
                           "\"unhealthy_count\":{}{}}}",
                           healthy, unhealthy, good, bad, config_error(gateway)));
}

Awaitable<void> health_services(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto service = http::query_value(exchange.head().query(), "service").value_or("");
    auto models = gateway.models();
    auto& callbacks = models->config().callbacks;
    if (service == "prometheus" || service == "prometheus_system") {
        reply_json(exchange, 200, "{\"status\":\"success\",\"message\":\"metrics are served at /metrics\"}");
    } else if (std::find(callbacks.begin(), callbacks.end(), service) != callbacks.end()) {
        auto error = bad_request(
            fmt::format("the callback {} is configured, but this gateway does not have it", service),
            "service");
        reply_error(exchange, error);
    } else {
        reply_error(exchange, bad_request(fmt::format("\"{}\" is no service of this gateway; ask for "
                                                      "?service=prometheus",
                                                      service),
                                          "service"));
    }
    co_return;
}

// Whether a model would answer, before it is written into the configuration.
Awaitable<void> test_connection(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto text = co_await exchange.read_whole_body(1 << 20);
    if (!text) co_return;
    Notes notes;
    auto body = parse_yaml(*text, "body", notes);  // JSON is YAML
    auto params = body && body->is_map() ? body->find("litellm_params") : nullptr;
    if (!params || !params->is_map()) {
        reply_error(exchange,
                    bad_request("the body must be a JSON object with litellm_params", "litellm_params"));
        co_return;
    }
    Node entry{.kind = Node::Kind::Map};
    entry.set("litellm_params", *params);
    if (auto mode = read_text(body->find("mode"), notes)) {
        Node info{.kind = Node::Kind::Map};
        info.set("mode", Node{.kind = Node::Kind::Scalar, .text = *mode, .quoted = true});
        entry.set("model_info", std::move(info));
    }
    Node list{.kind = Node::Kind::List};
    list.items.push_back(std::move(entry));
    auto made = read_deployments(list, nullptr, {}, notes);
    if (made.empty()) {
        auto why =
            notes.errors.empty() ? std::string("litellm_params.model is missing") : notes.errors.front();
        reply_error(exchange, bad_request(why, "litellm_params"));
        co_return;
    }
    auto deployment = made.front();
    if (!deployment->ssl_verify.empty()) {
        auto& config = gateway.models()->config();
        deployment = with_own_link(*deployment, "litellm_params.ssl_verify", config.link->ipv4_only,
                                   config.environment, read_file_from_disk, notes);
        if (!notes.errors.empty()) {
            auto error = bad_request(notes.errors.front(), "litellm_params");
            co_return reply_error(exchange, error);
        }
    }
    auto check = make_check(gateway, deployment);
    std::function<void()> stop = [check] { check->scope->end(CallScope::Ended::ClientGone); };
    exchange.on_disconnect(std::move(stop));
    co_await examine(gateway, gateway.models(), check);
    reply_json(exchange, 200,
               fmt::format("{{\"status\":\"{}\",\"result\":{}}}", check->problem ? "error" : "success",
                           describe(*check, true)));
}

Awaitable<void> liveliness(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "\"I'm alive!\"");
    co_return;
}

Awaitable<void> readiness(Gateway& gateway, http::Exchange& exchange, std::string) {
    reply_json(
        exchange, 200,
        fmt::format("{{\"status\":\"healthy\",\"db\":\"{}\",\"cache\":{},\"litellm_version\":{},\"success_"
                    "callbacks\":[],"
                    "\"log_level\":\"{}\",\"is_detailed_debug\":false{}}}",
                    gateway.ledger().store() && gateway.ledger().store()->state().connected ? "connected"
                                                                                            : "Not connected",
                    gateway.ledger().cache().valkey() ? "\"redis\"" : "null", json_quote(gateway_version()),
                    gateway.settings().debug ? "DEBUG" : "INFO", config_error(gateway)));
    co_return;
}

Awaitable<void> backlog(Gateway& gateway, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, fmt::format("{{\"in_flight_requests\":{}}}", gateway.in_flight.value()));
    co_return;
}

}  // namespace seance::litellm
