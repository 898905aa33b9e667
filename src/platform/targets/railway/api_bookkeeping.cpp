#include <fmt/format.h>

#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

// What seance remembers in an environment: shared variables, and what deployments were started with.
namespace seance::railway {

namespace {
constexpr std::size_t kSnapshotsPerQuery = 20;
}

Awaitable<Reply<Variables>> Api::shared_variables(ProjectId project, EnvironmentId environment) {
    if (detail::any_empty(project, environment)) co_return detail::no_id("variables");
    Call call;
    call.document = shared_variables_document();
    call.variables["projectId"] = project.text();
    call.variables["environmentId"] = environment.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    co_return parse_variables(detail::member(*data, "variables"));
}

Awaitable<Reply<void>> Api::upsert_shared_variables(ProjectId project, EnvironmentId environment,
                                                    Variables variables) {
    if (detail::any_empty(project, environment)) co_return detail::no_id("variableCollectionUpsert");
    Call call;
    call.document = shared_variables_upsert_document();
    call.variables["projectId"] = project.text();
    call.variables["environmentId"] = environment.text();
    boost::json::object values;
    for (const auto& [name, value] : variables) {
        values[name] = value.reveal();
        call.hidden.push_back(value);
    }
    call.variables["variables"] = std::move(values);
    co_return co_await change(std::move(call));
}

Awaitable<Reply<std::map<DeploymentId, std::map<std::string, std::string>>>> Api::deployment_variables(
    std::vector<DeploymentId> deployments, std::vector<std::string> names) {
    std::map<DeploymentId, std::map<std::string, std::string>> found;
    for (std::size_t from = 0; from < deployments.size(); from += kSnapshotsPerQuery) {
        const auto to = std::min(from + kSnapshotsPerQuery, deployments.size());
        Call call;
        call.document = deployment_snapshots_document(to - from);
        for (auto i = from; i < to; ++i) call.variables[fmt::format("d{}", i - from)] = deployments[i].text();
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        for (auto i = from; i < to; ++i) {
            const auto snapshot = detail::member(*data, fmt::format("d{}", i - from));
            if (!snapshot.present()) continue;
            for (const auto& name : names)
                if (auto text = snapshot["variables"][name].text()) found[deployments[i]][name] = *text;
        }
    }
    co_return found;
}

}  // namespace seance::railway
