#include "services/litellm/handlers/gateway.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "services/litellm/domain/forms/anthropic_answer.hpp"

namespace seance::litellm {
namespace {

bool wants_timing(const config::Sources& environment) {
    auto value = environment.find("LITELLM_DETAILED_TIMING");
    return value != environment.end() && iequals(trim(value->second), "true");
}

observe::Counter& requests(const char* outcome) {
    return observe::metrics().counter("seance_litellm_requests_total", "Model calls by how they ended",
                                      {{"outcome", outcome}});
}

}  // namespace

const std::string& gateway_version() {
    static const std::string version = fmt::format("1.80.0+seance.{}", built_commit());
    return version;
}

Gateway::Gateway(Loop& loop, const Settings& settings, const ConfigSource& source, bool first)
    : detailed_timing(wants_timing(source.current()->config().environment)),
      in_flight(observe::metrics().gauge("seance_litellm_requests_in_flight", "Model calls under way")),
      answered(requests("answered")),
      refused(requests("refused")),
      failed(requests("failed")),
      abandoned(requests("abandoned")),
      upstream_failures(observe::metrics().counter("seance_litellm_upstream_failures_total",
                                                   "Attempts that an upstream failed")),
      loop_(loop),
      settings_(settings),
      source_(source),
      models_(source.current()),
      clients_(loop),
      alerts_(std::make_shared<Alerts>(loop, clients_)),
      ledger_(std::make_shared<Ledger>(loop, settings, models_, alerts_, first)) {
    ledger_->start();
}

std::string call_id(const http::RequestHead& head) {
    auto given = head.fields.get("x-litellm-call-id");
    bool plain = !given.empty() && given.size() <= 128;
    for (char c : given) plain = plain && c > ' ' && c < '\x7f';
    return plain ? std::string(given) : random_uuid();
}

http::Fields common_fields(const http::RequestHead& head, std::string_view call_id) {
    http::Fields fields;
    fields.add("x-litellm-call-id", call_id);
    fields.add("x-litellm-version", gateway_version());
    if (auto origin = head.fields.find("Origin")) {
        fields.add("Access-Control-Allow-Origin", *origin);
        fields.add("Access-Control-Allow-Credentials", "true");
        fields.add("Access-Control-Expose-Headers",
                   "x-litellm-call-id, x-litellm-model-id, x-litellm-model-group, x-litellm-version, "
                   "x-litellm-response-cost, "
                   "x-litellm-attempted-retries, x-litellm-attempted-fallbacks, x-request-id, retry-after");
        fields.add("Vary", "Origin");
    }
    return fields;
}

void reply_json(http::Exchange& exchange, int status, std::string json, http::Fields fields) {
    fields.set("Content-Type", "application/json");
    http::Response response{status, std::move(fields), std::move(json)};
    exchange.reply(std::move(response));
}

void reply_json(http::Exchange& exchange, int status, std::string json) {
    reply_json(exchange, status, std::move(json), common_fields(exchange.head(), call_id(exchange.head())));
}

void reply_to_nobody(http::Exchange& exchange) {
    if (exchange.started()) return;
    exchange.log_fields(",\"reason\":\"the client went away before the answer\"");
    http::Response nothing{499, {}, ""};
    exchange.reply(std::move(nothing));
}

void reply_error(http::Exchange& exchange, const ApiError& error) {
    // Clients of Anthropic's form read errors in it alone.
    auto path = exchange.head().path();
    bool anthropic = path.ends_with("/messages") || path.ends_with("/messages/count_tokens");
    reply_error(exchange, error, anthropic ? anthropic_error_json(error) : error.json());
}

void reply_error(http::Exchange& exchange, const ApiError& error, std::string body) {
    reply_error(exchange, error, std::move(body), common_fields(exchange.head(), call_id(exchange.head())));
}

void reply_error(http::Exchange& exchange, const ApiError& error, std::string body, http::Fields fields) {
    if (exchange.is_logged()) exchange.log_fields(error.log_fields());
    reply_json(exchange, error.status, std::move(body), std::move(fields));
}

}  // namespace seance::litellm
