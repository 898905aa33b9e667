#include <algorithm>

#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

namespace json = boost::json;

json::array spellings(const std::vector<DeploymentStatus>& statuses) {
    json::array out;
    for (auto status : statuses)
        if (status != DeploymentStatus::Unknown) out.emplace_back(spelling(status));
    return out;
}

json::object input_of(const ProjectId& project, const EnvironmentId& environment,
                      const DeploymentFilter& filter) {
    json::object input, status;
    input["projectId"] = project.text();
    input["environmentId"] = environment.text();
    if (filter.service) input["serviceId"] = filter.service->text();
    if (!filter.in.empty()) status["in"] = spellings(filter.in);
    if (!filter.not_in.empty()) status["notIn"] = spellings(filter.not_in);
    if (!status.empty()) input["status"] = std::move(status);
    return input;
}

// Which way the connection runs is not documented.
void sort_by_time(std::vector<DeploymentEvent>& events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a.created_at < b.created_at; });
}

constexpr std::size_t kMostPerPage = 100;
constexpr std::size_t kEventsKept = 20;

}  // namespace

Awaitable<Reply<DeploymentId>> Api::deploy(EnvironmentId environment, ServiceId service) {
    if (detail::any_empty(environment, service)) co_return detail::no_id("serviceInstanceDeployV2");
    Call call;
    call.document = document(Mutation::ServiceInstanceDeploy);
    call.idempotent = Idempotent::No;
    call.variables["environmentId"] = environment.text();
    call.variables["serviceId"] = service.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    DeploymentId id(detail::member(*data, "serviceInstanceDeployV2").text_or());
    if (id.empty()) co_return detail::nonsense("serviceInstanceDeployV2");
    co_return id;
}

Awaitable<Reply<Deployment>> Api::deployment(DeploymentId id) {
    if (id.empty()) co_return detail::no_id("deployment");
    Call call;
    call.document = document(Query::Deployment);
    call.variables["id"] = id.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto found = parse_deployment(detail::member(*data, "deployment"));
    if (!found) co_return detail::nonsense("deployment");
    co_return std::move(*found);
}

Awaitable<Reply<std::vector<DeploymentWithEvents>>> Api::watch_deployments(std::vector<DeploymentId> ids) {
    std::vector<DeploymentWithEvents> out;
    if (ids.empty()) co_return out;
    if (ids.size() > kMostWatched ||
        std::any_of(ids.begin(), ids.end(), [](const auto& id) { return id.empty(); }))
        co_return detail::no_id("deploymentsById");
    Call call;
    call.document = deployments_by_id_document(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) call.variables[fmt::format("d{}", i)] = ids[i].text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto found = parse_deployment(detail::member(*data, fmt::format("d{}", i)));
        if (!found) co_return detail::nonsense("deploymentsById");
        auto events = parse_all(detail::member(*data, fmt::format("e{}", i)).nodes(), parse_event);
        sort_by_time(events);
        if (events.size() > kEventsKept) events.erase(events.begin(), events.end() - kEventsKept);
        DeploymentWithEvents one;
        one.deployment = std::move(*found);
        one.events = std::move(events);
        out.push_back(std::move(one));
    }
    co_return out;
}

Awaitable<Reply<std::vector<LatestDeployment>>> Api::latest_deployments(EnvironmentId environment) {
    if (environment.empty()) co_return detail::no_id("latestDeployments");
    std::vector<LatestDeployment> out;
    std::optional<std::string> cursor;
    for (int page = 0; page < detail::kMostPages; ++page) {
        Call call;
        call.document = document(Query::LatestDeployments);
        call.variables["id"] = environment.text();
        if (cursor) call.variables["after"] = *cursor;
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "environment")["serviceInstances"];
        for (auto node : connection.nodes()) {
            LatestDeployment latest;
            latest.service = ServiceId(node["serviceId"].text_or());
            latest.service_name = node["serviceName"].text_or();
            latest.deployment = parse_deployment(node["latestDeployment"]);
            if (!latest.service.empty() && !node["deletedAt"].present()) out.push_back(std::move(latest));
        }
        cursor = detail::next_page(connection);
        if (!cursor) break;
    }
    co_return out;
}

Awaitable<Reply<std::vector<Deployment>>> Api::deployments(ProjectId project, EnvironmentId environment,
                                                           DeploymentFilter filter) {
    if (detail::any_empty(project, environment) || (filter.service && filter.service->empty()))
        co_return detail::no_id("deployments");
    std::vector<Deployment> out;
    std::optional<std::string> cursor;
    for (int page = 0; page < detail::kMostPages && out.size() < filter.most; ++page) {
        Call call;
        call.document = document(Query::Deployments);
        call.variables["input"] = input_of(project, environment, filter);
        call.variables["first"] = std::min(filter.most - out.size(), kMostPerPage);
        if (cursor) call.variables["after"] = *cursor;
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "deployments");
        for (auto& deployment : parse_all(connection.nodes(), parse_deployment))
            if (out.size() < filter.most) out.push_back(std::move(deployment));
        cursor = detail::next_page(connection);
        if (!cursor) break;
    }
    co_return out;
}

Awaitable<Reply<std::vector<DeploymentEvent>>> Api::deployment_events(DeploymentId id) {
    if (id.empty()) co_return detail::no_id("deploymentEvents");
    std::vector<DeploymentEvent> out;
    std::optional<std::string> cursor;
    for (int page = 0; page < detail::kMostPages; ++page) {
        Call call;
        call.document = document(Query::DeploymentEvents);
        call.variables["id"] = id.text();
        if (cursor) call.variables["after"] = *cursor;
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "deploymentEvents");
        for (auto& event : parse_all(connection.nodes(), parse_event)) out.push_back(std::move(event));
        cursor = detail::next_page(connection);
        if (!cursor) break;
    }
    sort_by_time(out);
    co_return out;
}

Awaitable<Reply<Deployment>> Api::redeploy(DeploymentId id, RedeployImage image) {
    if (id.empty()) co_return detail::no_id("deploymentRedeploy");
    Call call;
    call.document = document(Mutation::DeploymentRedeploy);
    call.idempotent = Idempotent::No;
    call.variables["id"] = id.text();
    call.variables["usePreviousImageTag"] = image == RedeployImage::UsePrevious;
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = parse_deployment(detail::member(*data, "deploymentRedeploy"));
    if (!made) co_return detail::nonsense("deploymentRedeploy");
    co_return std::move(*made);
}

Awaitable<Reply<void>> Api::rollback(const DeploymentId& id) {
    return act_on(Mutation::DeploymentRollback, id.text(), Idempotent::No);
}

Awaitable<Reply<void>> Api::restart(const DeploymentId& id) {
    return act_on(Mutation::DeploymentRestart, id.text(), Idempotent::No);
}

Awaitable<Reply<void>> Api::cancel(const DeploymentId& id) {
    return act_on(Mutation::DeploymentCancel, id.text(), Idempotent::Yes);
}

Awaitable<Reply<void>> Api::stop(const DeploymentId& id) {
    return act_on(Mutation::DeploymentStop, id.text(), Idempotent::Yes);
}

}  // namespace seance::railway
