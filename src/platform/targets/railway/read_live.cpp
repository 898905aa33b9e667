#include <fmt/format.h>

#include "core/runtime/task_group.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/wanted_records.hpp"
#include "platform/remote/both.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/live_state.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::railway {

namespace {

struct Railways {
    EnvironmentState state;
    Snapshots snapshots;
};

Awaitable<Reply<Railways>> read_railway(Session& session, const plan::Wanted& wanted) {
    auto found = co_await find_environment(session, wanted.project, wanted.environment);
    if (!found) co_return found.error();
    Railways seen;
    seen.state.project = found->project;
    seen.state.environment = found->environment;
    if (found->environment.empty()) co_return seen;
    auto state = co_await session.api.read_environment(found->project, found->environment);
    if (!state) co_return state.error();
    seen.state = std::move(*state);
    std::vector<DeploymentId> ids;  // the latest, and what runs where that is another
    for (const auto& instance : seen.state.services) {
        if (instance.latest) ids.push_back(instance.latest->id);
        if (const auto* running = running_deployment(instance);
            running && (!instance.latest || running->id != instance.latest->id))
            ids.push_back(running->id);
    }
    if (ids.empty()) co_return seen;
    std::vector<std::string> names{std::string(plan::kRevisionVariable), std::string(plan::kCommitVariable),
                                   std::string(plan::kContentVariable), std::string(plan::kReleaseVariable)};
    auto snapshots = co_await session.api.deployment_variables(std::move(ids), std::move(names));
    if (!snapshots) co_return snapshots.error();
    seen.snapshots = std::move(*snapshots);
    co_return seen;
}

struct DnsSeen {
    std::map<std::string, plan::LiveZone> zones;  // by host
    std::vector<dns::Record> records;
    std::map<std::string, std::string> record_zones;
    std::optional<remote::Failure> failure;
};

Awaitable<void> read_zone(Session& session, const std::string& host, DnsSeen& seen) {
    auto zone = co_await session.dns->find_zone(host);
    plan::LiveZone made;
    if (!zone) {
        // The zone's state is a conflict of the plan; everything else ends the reading.
        if (zone.error().kind != remote::FailureKind::User &&
            zone.error().kind != remote::FailureKind::NotFound) {
            seen.failure = zone.error();
            co_return;
        }
        made.problem = zone.error().what;
        seen.zones[host] = std::move(made);
        co_return;
    }
    made.id = zone->id;
    made.name = zone->name;
    made.problem = zone->problem();
    seen.zones[host] = made;
}

void keep(DnsSeen& seen, const std::string& zone, std::vector<dns::Record> records) {
    for (auto& record : records)
        if (seen.record_zones.emplace(record.id, zone).second) seen.records.push_back(std::move(record));
}

Awaitable<void> read_ssl(Session& session, const std::string& zone, DnsSeen& seen) {
    auto ssl = co_await session.dns->ssl_setting(zone);
    // Reading it takes a right that a token may lack: then it is not known, and no reason to stop.
    if (!ssl) co_return;
    for (auto& [host, one] : seen.zones)
        if (one.id == zone) one.ssl = dns::spelling(ssl->mode);
}

Awaitable<void> read_ours(Session& session, const std::string& zone, const std::string& environment,
                          DnsSeen& seen) {
    auto records = co_await session.dns->records_with_comment(zone, plan::record_comment_prefix(environment));
    if (records)
        keep(seen, zone, std::move(*records));
    else
        seen.failure = records.error();
}

Awaitable<void> read_named(Session& session, const std::string& zone, const std::string& name,
                           DnsSeen& seen) {
    auto records = co_await session.dns->records_named(zone, name);
    if (records)
        keep(seen, zone, std::move(*records));
    else
        seen.failure = records.error();
}

Awaitable<Reply<DnsSeen>> read_dns(Session& session, const plan::Wanted& wanted) {
    DnsSeen seen;
    if (!session.dns || !wanted.dns) co_return seen;
    auto executor = co_await asio::this_coro::executor;
    std::set<std::string> hosts;
    for (const auto& service : wanted.services)
        for (const auto& domain : service.domains) hosts.insert(domain.host);
    {
        TaskGroup tasks{executor};
        for (const auto& host : hosts) tasks.spawn(read_zone(session, host, seen));
        co_await tasks.wait();
    }
    if (seen.failure) co_return *seen.failure;
    std::set<std::string> zones;
    for (const auto& [host, zone] : seen.zones)
        if (!zone.id.empty()) zones.insert(zone.id);
    TaskGroup tasks{executor};
    for (const auto& zone : zones) {
        tasks.spawn(read_ssl(session, zone, seen));
        tasks.spawn(read_ours(session, zone, wanted.environment, seen));
    }
    for (const auto& host : hosts)
        if (const auto zone = seen.zones.find(host); zone != seen.zones.end() && !zone->second.id.empty())
            tasks.spawn(read_named(session, zone->second.id, host, seen));
    co_await tasks.wait();
    if (seen.failure) co_return *seen.failure;
    co_return seen;
}

Awaitable<Reply<std::optional<plan::LiveBucket>>> read_bucket(Session& session, const plan::Wanted& wanted) {
    std::optional<plan::LiveBucket> seen;
    if (!session.bucket || !wanted.spaces) co_return seen;
    auto state = co_await session.bucket->read(!wanted.spaces->cors_origins.empty());
    if (!state) co_return state.error();
    plan::LiveBucket made;
    made.exists = state->exists;
    made.cors_origins = state->cors_origins;
    seen = std::move(made);
    co_return seen;
}

}  // namespace

Awaitable<Reply<Whereabouts>> find_environment(Session& session, std::string project,
                                               std::string environment) {
    auto projects = co_await session.api.find_projects(project, session.workspace);
    if (!projects) co_return projects.error();
    Whereabouts found;
    if (projects->empty()) co_return found;
    if (projects->size() > 1) {
        remote::Failure failure;
        failure.kind = remote::FailureKind::User;
        failure.what = fmt::format("there are {} projects called {}:", projects->size(), project);
        for (const auto& one : *projects) failure.what += " " + one.id.text();
        failure.what += "; rename all but one, or name a workspace in stack.yaml (railway: {workspace: …})";
        co_return failure;
    }
    found.project = projects->front().id;
    for (const auto& one : projects->front().environments)
        if (one.name == environment) found.environment = one.id;
    co_return found;
}

Awaitable<Reply<Seen>> read_live(Session& session, const plan::Wanted& wanted) {
    auto ask_outside = remote::both(read_dns(session, wanted), read_bucket(session, wanted));
    auto [railway, outside] = co_await remote::both(read_railway(session, wanted), std::move(ask_outside));
    if (!railway) co_return railway.error();
    auto& [dns, bucket] = outside;
    if (!dns) co_return dns.error();
    if (!bucket) co_return bucket.error();
    Seen seen;
    seen.state = std::move(railway->state);
    seen.live = to_live(seen.state, railway->snapshots);
    seen.live.zones = std::move(dns->zones);
    seen.live.records = std::move(dns->records);
    seen.live.record_zones = std::move(dns->record_zones);
    seen.live.bucket = std::move(*bucket);
    std::map<std::string, std::string> zones;
    for (const auto& [host, zone] : seen.live.zones) zones[host] = zone.name;
    complete_records(seen.live, seen.state, zones);
    co_return seen;
}

}  // namespace seance::railway
