#include "platform/targets/railway/live_state.hpp"

#include <algorithm>
#include <cmath>

#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/domain_records.hpp"

namespace seance::railway {

namespace {

stack::Restart restart_of(RestartPolicy policy) {
    switch (policy) {
        case RestartPolicy::Always:
            return stack::Restart::Always;
        case RestartPolicy::Never:
            return stack::Restart::Never;
        case RestartPolicy::OnFailure:
        case RestartPolicy::Unknown:
            break;
    }
    return stack::Restart::OnFailure;
}

plan::Settings settings_of(const ServiceInstance& instance) {
    plan::Settings s;
    s.health_path = instance.healthcheck_path;
    s.health_timeout_seconds = instance.healthcheck_timeout_seconds.value_or(300);
    s.replicas = instance.replicas.value_or(1);
    s.region = instance.region;
    s.restart = restart_of(instance.restart_policy);
    s.overlap_seconds = instance.overlap_seconds.value_or(0);
    s.drain_seconds = instance.draining_seconds.value_or(0);
    s.start_command = instance.start_command;
    s.cpu = instance.cpu_limit_vcpus.value_or(0);
    s.memory_mb = static_cast<std::uint64_t>(std::llround(instance.memory_limit_gb.value_or(0) * 1024));
    return s;
}

plan::LiveDeployment deployment_of(const Deployment& deployment, bool was_active,
                                   const Snapshots& snapshots) {
    const auto now = standing(deployment, was_active);
    plan::LiveDeployment made;
    made.id = deployment.id.text();
    made.status = deployment.status_text;
    made.active = now.outcome == DeploymentOutcome::Succeeded && !deployment.stopped;
    made.in_progress = !now.terminal;
    made.failed = now.outcome == DeploymentOutcome::Failed;
    made.image = deployment.image;
    made.created_at = deployment.created_at;
    const auto found = snapshots.find(deployment.id);
    if (found == snapshots.end()) return made;
    const auto take = [&](std::string_view name, std::string& into) {
        if (const auto value = found->second.find(std::string(name)); value != found->second.end())
            into = value->second;
    };
    take(plan::kRevisionVariable, made.revision);
    take(plan::kReleaseVariable, made.release);
    take(plan::kCommitVariable, made.commit);
    take(plan::kContentVariable, made.content);
    return made;
}

plan::LiveService service_of(const ServiceInstance& instance, const EnvironmentState& state,
                             const Snapshots& snapshots, const SecretText& key) {
    plan::LiveService made;
    made.id = instance.service.text();
    made.name = instance.name;
    made.image = instance.image.empty() ? instance.repo : instance.image;
    made.settings = settings_of(instance);
    for (const auto& [name, value] : instance.variables)
        made.variables[name] = {plan::fingerprint(key, instance.name, name, value.reveal()), value, false};
    for (const auto& name : instance.sealed_variables) made.variables[name] = {"", std::nullopt, true};
    for (const auto& volume : state.volumes)
        if (volume.service == instance.service && !volume.is_pending_deletion) {
            made.volume_id = volume.volume.text();
            made.volume = volume.mount_path;
        }
    for (const auto& domain : instance.custom_domains) {
        if (domain.sync_status == "DELETING" || domain.sync_status == "DELETED") continue;
        plan::LiveDomain one;
        one.id = domain.id.text();
        one.host = domain.domain;
        one.port = domain.target_port;
        one.verified = domain.verified;
        one.problem = domain_problem(domain);
        made.domains.push_back(std::move(one));
    }
    if (const auto& latest = instance.latest) {
        const bool was_active = std::any_of(instance.active.begin(), instance.active.end(),
                                            [&](const Deployment& one) { return one.id == latest->id; });
        made.deployment = deployment_of(*latest, was_active, snapshots);
    }
    if (const auto* running = running_deployment(instance))
        made.running = deployment_of(*running, true, snapshots);
    return made;
}

}  // namespace

plan::Live to_live(const EnvironmentState& state, const Snapshots& snapshots) {
    plan::Live live;
    live.project_id = state.project.text();
    live.environment_id = state.environment.text();
    live.staged_changes = state.unmerged_changes;
    if (const auto key = state.shared_variables.find(std::string(plan::kKeyVariable));
        key != state.shared_variables.end())
        live.fingerprint_key = key->second;
    for (const auto& instance : state.services)
        live.services.push_back(service_of(instance, state, snapshots, live.fingerprint_key));
    for (const auto& other : state.other_services) live.other_services.push_back(other.name);
    return live;
}

void complete_records(plan::Live& live, const EnvironmentState& state,
                      const std::map<std::string, std::string>& zones) {
    for (const auto& instance : state.services)
        for (const auto& domain : instance.custom_domains)
            for (auto& service : live.services)
                for (auto& one : service.domains) {
                    if (one.id != domain.id.text()) continue;
                    auto zone = zones.find(one.host);
                    std::string zone_name = zone == zones.end() ? std::string{} : zone->second;
                    if (zone_name.empty() && !domain.dns_records.empty())
                        zone_name = domain.dns_records.front().zone;
                    const auto needed = needed_records(domain, zone_name);
                    if (!needed) continue;
                    one.cname_target = needed->cname_target;
                    one.txt_name = needed->txt_name;
                    one.txt_value = needed->txt_value;
                }
}

}  // namespace seance::railway
