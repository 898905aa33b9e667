#include <array>

#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/cost.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

boost::json::array all_measurements() {
    boost::json::array out;
    for (auto measurement : {Measurement::Cpu, Measurement::Memory, Measurement::Disk, Measurement::Backup,
                             Measurement::NetworkOut})
        out.emplace_back(spelling(measurement));
    return out;
}

std::optional<Usage> parse_usage(JsonView json) {
    auto measurement = parse_measurement(json["measurement"].text_or());
    auto value = json["value"].number();
    if (!value) value = json["estimatedValue"].number();
    if (!measurement || !value) return std::nullopt;
    Usage out;
    out.measurement = *measurement;
    out.value = *value;
    out.service = ServiceId(json["tags"]["serviceId"].text_or());
    return out;
}

Call usage_call(Query query, const ProjectId& project) {
    Call call;
    call.document = document(query);
    call.variables["projectId"] = project.text();
    call.variables["measurements"] = all_measurements();
    return call;
}

std::optional<int> whole(JsonView json) {
    auto number = json.integer();
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

Awaitable<Reply<std::vector<Usage>>> Api::usage(ProjectId project) {
    if (project.empty()) co_return detail::no_id("usage");
    auto call = usage_call(Query::Usage, project);
    boost::json::array by_service;
    by_service.emplace_back("SERVICE_ID");
    call.variables["groupBy"] = std::move(by_service);
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    co_return parse_all(detail::member(*data, "usage").items(), parse_usage);
}

Awaitable<Reply<std::vector<Usage>>> Api::estimated_usage(ProjectId project) {
    if (project.empty()) co_return detail::no_id("estimatedUsage");
    auto ask = usage_call(Query::EstimatedUsage, project);
    auto data = co_await call(std::move(ask));
    if (!data) co_return data.error();
    co_return parse_all(detail::member(*data, "estimatedUsage").items(), parse_usage);
}

Awaitable<Reply<Bill>> Api::bill(WorkspaceId workspace) {
    if (workspace.empty()) co_return detail::no_id("workspaceBill");
    Call call;
    call.document = document(Query::WorkspaceBill);
    call.variables["id"] = workspace.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto customer = detail::member(*data, "workspace")["customer"];
    auto usage = customer["currentUsage"].number();
    if (!usage) co_return detail::nonsense("workspaceBill");
    Bill out;
    out.current_usage_dollars = *usage;
    out.period_start = customer["billingPeriod"]["start"].text_or();
    out.period_end = customer["billingPeriod"]["end"].text_or();
    auto limit = customer["usageLimit"];
    out.soft_limit_dollars = whole(limit["softLimit"]);
    out.hard_limit_dollars = whole(limit["hardLimit"]);
    out.is_over_limit = limit["isOverLimit"].boolean().value_or(false);
    co_return out;
}

}  // namespace seance::railway
