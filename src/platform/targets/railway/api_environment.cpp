#include <algorithm>

#include "platform/remote/both.hpp"
#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

// Three fields of each: a query of this size stays far from any limit on its complexity that is known.
constexpr std::size_t kServicesPerQuery = 20;

template <class Parsed>
void append(std::vector<Parsed>& list, std::vector<Parsed> more) {
    std::move(more.begin(), more.end(), std::back_inserter(list));
}

Call page_call(Query query, const EnvironmentState& state, const std::string& cursor) {
    Call call;
    call.document = document(query);
    call.variables["id"] = state.environment.text();
    call.variables["projectId"] = state.project.text();
    call.variables["after"] = cursor;
    return call;
}

// What of the project has no part in this environment.
void add_others(EnvironmentState& state, const Project& project) {
    for (const auto& service : project.services) {
        bool here = std::any_of(state.services.begin(), state.services.end(),
                                [&](const auto& instance) { return instance.service == service.id; });
        if (!here) state.other_services.push_back(service);
    }
    for (const auto& volume : project.volumes) {
        bool here = std::any_of(state.volumes.begin(), state.volumes.end(),
                                [&](const auto& instance) { return instance.volume == volume.id; });
        if (!here) state.other_volumes.push_back(volume);
    }
}

}  // namespace

Awaitable<Reply<void>> Api::read_more_instances(EnvironmentState& state, boost::json::object& first) {
    JsonView environment(first.if_contains("environment"));
    auto services = detail::next_page(environment["serviceInstances"]);
    auto volumes = detail::next_page(environment["volumeInstances"]);
    for (int page = 0; page < detail::kMostPages && services; ++page) {
        auto next = page_call(Query::MoreServiceInstances, state, *services);
        auto data = co_await call(std::move(next));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "environment")["serviceInstances"];
        append(state.services, parse_all(connection.nodes(), parse_instance));
        services = detail::next_page(connection);
    }
    for (int page = 0; page < detail::kMostPages && volumes; ++page) {
        auto next = page_call(Query::MoreVolumeInstances, state, *volumes);
        auto data = co_await call(std::move(next));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "environment")["volumeInstances"];
        append(state.volumes, parse_all(connection.nodes(), parse_volume_instance));
        volumes = detail::next_page(connection);
    }
    co_return Reply<void>{};
}

Awaitable<Reply<void>> Api::read_details(EnvironmentState& state, std::size_t from, std::size_t to) {
    Call call;
    call.document = service_details_document(to - from);
    call.variables["projectId"] = state.project.text();
    call.variables["environmentId"] = state.environment.text();
    for (std::size_t i = from; i < to; ++i)
        call.variables[fmt::format("s{}", i - from)] = state.services[i].service.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    for (std::size_t i = from; i < to; ++i) {
        auto& service = state.services[i];
        auto variables = detail::member(*data, fmt::format("v{}", i - from));
        if (!variables.object()) co_return detail::nonsense("serviceDetails");
        service.variables = parse_variables(variables);
        apply_limits(service, detail::member(*data, fmt::format("l{}", i - from)));
        service.tcp_proxies =
            parse_all(detail::member(*data, fmt::format("t{}", i - from)).items(), parse_tcp_proxy);
    }
    co_return Reply<void>{};
}

Awaitable<Reply<EnvironmentState>> Api::read_environment(ProjectId project, EnvironmentId environment) {
    if (detail::any_empty(project, environment)) co_return detail::no_id("environment");
    Call call;
    call.document = document(Query::Environment);
    call.variables["id"] = environment.text();
    call.variables["projectId"] = project.text();
    auto ask_environment = this->call(std::move(call));
    auto ask_project = this->project(project);
    auto [data, whole_project] = co_await remote::both(std::move(ask_environment), std::move(ask_project));
    if (!data) co_return data.error();
    if (!whole_project) co_return whole_project.error();

    auto json = detail::member(*data, "environment");
    EnvironmentState state;
    state.project = project;
    state.environment = environment;
    state.project_name = whole_project->name;
    if (json["id"].text() != environment.text()) co_return detail::nonsense("environment");
    state.name = json["name"].text_or();
    state.config_etag = json["configEtag"].text_or();
    if (auto count = json["unmergedChangesCount"].integer())
        state.unmerged_changes = static_cast<int>(*count);
    state.services = parse_all(json["serviceInstances"].nodes(), parse_instance);
    state.volumes = parse_all(json["volumeInstances"].nodes(), parse_volume_instance);
    state.shared_variables = parse_variables(detail::member(*data, "variables"));

    auto more = co_await read_more_instances(state, *data);
    if (!more) co_return more.error();
    for (auto& service : state.services)
        apply_config(service, json["config"]["services"][service.service.text()]);
    for (std::size_t from = 0; from < state.services.size(); from += kServicesPerQuery) {
        auto to = std::min(from + kServicesPerQuery, state.services.size());
        auto details = co_await read_details(state, from, to);
        if (!details) co_return details.error();
    }
    add_others(state, *whole_project);
    co_return state;
}

}  // namespace seance::railway
