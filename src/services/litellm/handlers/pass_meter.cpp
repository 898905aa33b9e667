#include "services/litellm/handlers/pass_meter.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kCallType = "pass_through_endpoint";  // LiteLLM's word

}  // namespace

Awaitable<std::unique_ptr<PassMeter>> PassMeter::admit(Gateway& gateway, http::Exchange& exchange,
                                                       PassedRequest request) {
    auto models = gateway.models();
    auto& head = exchange.head();
    auto client = client_address(models->config(), exchange.peer_address(), head.fields);
    Ask ask{kCallType, "", {}, 0, client, request.name, request.price.value_or(0), request.open};
    std::string model;
    if (auto body = parse_json(request.body); body && body->is(JsonKind::Object)) {
        ask.body = *body;
        model = json_text(json_find(*body, "model")).value_or("");
        ask.model = model;
    }
    auto admission = co_await gateway.ledger().admit(head, call_id(head), ask, models);
    if (auto& error = admission->refusal()) {
        gateway.refused.add();
        auto fields = common_fields(head, admission->call_id());
        admission->add_fields(fields, std::nullopt);
        exchange.log_fields(admission->log_fields());
        reply_error(exchange, *error, error->json(), std::move(fields));
        co_return nullptr;
    }
    co_return std::make_unique<PassMeter>(gateway, exchange, std::move(request), std::move(admission));
}

PassMeter::PassMeter(Gateway& gateway, http::Exchange& exchange, PassedRequest request,
                     AdmissionPtr admission)
    : gateway_(gateway), exchange_(exchange), request_(std::move(request)), admission_(std::move(admission)) {
    request_.body = {};  // is sent on, and not kept
    gateway_.in_flight.add(1);
}

PassMeter::~PassMeter() {
    gateway_.in_flight.add(-1);
}

void PassMeter::begun(int status, const http::FieldViews& answer, http::Fields& fields) {
    status_ = status;
    auto reported = reported_use(answer);
    tokens_ = reported.tokens;
    cost_ = reported.cost ? reported.cost : status < 400 ? request_.price : std::nullopt;
    fields.set("x-litellm-call-id", admission_->call_id());
    admission_->add_fields(fields, cost_);
}

void PassMeter::ended() {
    settle(status_, status_ < 400 ? "" : fmt::format("{} answered {}", request_.name, status_));
}

void PassMeter::failed(const ApiError& error) {
    settle(error.status, error.message);
}

void PassMeter::abandoned() {
    constexpr int kClientGone = 499;
    settle(kClientGone, "the client went away");
}

void PassMeter::settle(int status, std::string error) {
    if (admission_->settled()) return;
    auto& counter = error.empty()   ? gateway_.answered
                    : status == 499 ? gateway_.abandoned
                    : status >= 500 ? gateway_.failed
                                    : gateway_.refused;
    counter.add();
    ApiError problem{.status = status, .message = error};
    auto& caller = admission_->caller();
    CallMetrics::Request labels{.key = caller.name(),
                                .alias = caller.alias(),
                                .team = caller.team ? std::string_view(caller.team->id) : "",
                                .team_alias = caller.team ? std::string_view(caller.team->alias) : "",
                                .user = caller.user ? std::string_view(caller.user->id) : "",
                                .requested_model = request_.name,
                                .route = kCallType};
    if (status != 499)
        gateway_.call_metrics.request_ended(labels, status, error.empty() ? nullptr : &problem);
    exchange_.log_fields(admission_->log_fields());
    exchange_.log_fields(fmt::format(",\"passed_to\":{},\"answered\":{}", json_quote(request_.name), status));
    Settlement how;
    how.status = status;
    how.error = std::move(error);
    how.usage.prompt = tokens_;
    how.cost = cost_.value_or(0);
    how.api_base = request_.target;
    how.model_group = request_.name;
    admission_->settle(std::move(how));
}

}  // namespace seance::litellm
