#include "platform/targets/railway/read_history.hpp"

#include <algorithm>

#include "platform/plan/bookkeeping.hpp"
#include "platform/remote/both.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/release_keeper.hpp"

namespace seance::railway {

namespace {

using releases::Ending;

bool is_gone(const Deployment& deployment) {
    return deployment.status == DeploymentStatus::Removed || deployment.status == DeploymentStatus::Removing;
}

Ending ending_of(const Deployment& deployment, const plan::ReleaseLog& log) {
    // One that failed becomes REMOVED too, and can be started again: only what was seen while it ran counts.
    if (is_gone(deployment)) {
        const auto good = log.was_good(deployment.id.text());
        return !good ? Ending::Unknown : *good ? Ending::Good : Ending::Failed;
    }
    const auto now = standing(deployment);
    if (!now.terminal) return Ending::Running;
    if (now.outcome == DeploymentOutcome::Succeeded) return Ending::Good;
    return now.outcome == DeploymentOutcome::Failed ? Ending::Failed : Ending::Unknown;
}

std::string value_of(const std::map<std::string, std::string>& values, std::string_view name) {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::string{} : found->second;
}

// When the last step ended that comes before its own end.
std::string active_at(const std::vector<DeploymentEvent>& events) {
    std::string at;
    for (const auto& event : events)
        if (event.step != "DRAIN_INSTANCES") at = std::max(at, event.completed_at);
    return at;
}

using Events = std::map<DeploymentId, std::vector<DeploymentEvent>>;

// Only for how long something took: a failure is no reason to fail.
Awaitable<Reply<Events>> read_events(Api& api, std::vector<DeploymentId> gone) {
    Events events;
    for (std::size_t from = 0; from < gone.size(); from += Api::kMostWatched) {
        const auto to = std::min(from + Api::kMostWatched, gone.size());
        std::vector<DeploymentId> some(gone.begin() + static_cast<std::ptrdiff_t>(from),
                                       gone.begin() + static_cast<std::ptrdiff_t>(to));
        auto seen = co_await api.watch_deployments(std::move(some));
        if (!seen) break;
        for (auto& one : *seen) events[one.deployment.id] = std::move(one.events);
    }
    co_return events;
}

}  // namespace

releases::PastDeployment past_of(const Deployment& deployment, const std::string& service,
                                 const std::map<std::string, std::string>& bookkeeping,
                                 const std::vector<DeploymentEvent>& events, const plan::ReleaseLog& log) {
    releases::PastDeployment past;
    past.id = deployment.id.text();
    past.service = service;
    past.ending = ending_of(deployment, log);
    past.status = deployment.status_text;
    past.began = deployment.created_at;
    if (is_gone(deployment))
        past.ended = active_at(events);
    else if (past.ending != Ending::Running)
        past.ended = deployment.status_updated_at;
    past.image = deployment.image;
    past.creator = deployment.creator;
    past.can_return = deployment.can_rollback;
    const auto mark = plan::ReleaseMark::parse(value_of(bookkeeping, plan::kReleaseVariable));
    past.release = mark.commit;
    past.number = mark.number;
    past.back_to = mark.back_to;
    past.commit = value_of(bookkeeping, plan::kCommitVariable);
    past.content = value_of(bookkeeping, plan::kContentVariable);
    return past;
}

Awaitable<Reply<std::vector<releases::PastDeployment>>> read_past(Session& session, ProjectId project,
                                                                  EnvironmentId environment) {
    DeploymentFilter filter;
    filter.most = kMostPast;
    auto whole = session.api.project(project);
    auto listed = session.api.deployments(project, environment, filter);
    auto both = remote::both(std::move(whole), std::move(listed));
    auto remembered = session.api.shared_variables(project, environment);
    auto [seen, shared] = co_await remote::both(std::move(both), std::move(remembered));
    auto& [known, deployments] = seen;
    if (!known) co_return known.error();
    if (!shared) co_return shared.error();
    const auto log = release_log_of(*shared);
    if (!deployments) co_return deployments.error();
    std::map<ServiceId, std::string> names;
    for (const auto& service : known->services) names[service.id] = service.name;

    std::vector<DeploymentId> all, gone;
    for (const auto& one : *deployments) {
        all.push_back(one.id);
        if (is_gone(one)) gone.push_back(one.id);
    }
    std::vector<std::string> wanted{std::string(plan::kReleaseVariable), std::string(plan::kCommitVariable),
                                    std::string(plan::kContentVariable)};
    auto kept = session.api.deployment_variables(std::move(all), std::move(wanted));
    auto timed = read_events(session.api, std::move(gone));
    auto [variables, events] = co_await remote::both(std::move(kept), std::move(timed));
    if (!variables) co_return variables.error();

    std::vector<releases::PastDeployment> past;
    for (const auto& one : *deployments) {
        const auto name = names.find(one.service);
        if (name == names.end()) continue;  // its service is gone: nothing goes back to it
        past.push_back(past_of(one, name->second, (*variables)[one.id], (*events)[one.id], log));
    }
    co_return past;
}

}  // namespace seance::railway
