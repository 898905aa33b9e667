#include "platform/targets/railway/configure.hpp"

#include <algorithm>

#include "platform/plan/bookkeeping.hpp"

namespace seance::railway {

namespace {

RestartPolicy policy_of(stack::Restart restart) {
    switch (restart) {
        case stack::Restart::Always:
            return RestartPolicy::Always;
        case stack::Restart::OnFailure:
            return RestartPolicy::OnFailure;
        case stack::Restart::Never:
            break;
    }
    return RestartPolicy::Never;
}

}  // namespace

ServiceChanges changes_of(const plan::WantedService& wanted, const plan::LiveService& live) {
    ServiceChanges changes;
    const auto& w = wanted.settings;
    const auto& l = live.settings;
    if (!wanted.image.empty() && wanted.image != live.image) changes.image = wanted.image;
    if (w.health_path != l.health_path) changes.healthcheck_path = w.health_path;
    if (!w.health_path.empty() && w.health_timeout_seconds != l.health_timeout_seconds)
        changes.healthcheck_timeout_seconds = w.health_timeout_seconds;
    if (w.replicas != l.replicas) changes.replicas = w.replicas;
    if (!w.region.empty() && w.region != l.region) changes.region = w.region;
    if (w.restart != l.restart) changes.restart_policy = policy_of(w.restart);
    if (w.overlap_seconds != l.overlap_seconds) changes.overlap_seconds = w.overlap_seconds;
    if (w.drain_seconds != l.drain_seconds) changes.draining_seconds = w.drain_seconds;
    if (w.start_command != l.start_command) changes.start_command = w.start_command;
    return changes;
}

Limits limits_of(const plan::WantedService& wanted, const plan::LiveService& live) {
    Limits limits;
    const auto &w = wanted.settings, &l = live.settings;
    const bool differ = (w.cpu > 0 && w.cpu != l.cpu) || (w.memory_mb > 0 && w.memory_mb != l.memory_mb);
    if (!differ) return limits;
    // Railway takes both together: the one that is not declared stays as it is.
    const auto cpu = w.cpu > 0 ? w.cpu : l.cpu;
    const auto memory = w.memory_mb > 0 ? w.memory_mb : l.memory_mb;
    if (cpu > 0) limits.vcpus = cpu;
    if (memory > 0) limits.memory_gb = static_cast<double>(memory) / 1024;
    return limits;
}

VariableChanges variable_changes(const plan::WantedService& wanted, const plan::LiveService& live,
                                 const plan::Plan& plan, std::string_view release) {
    VariableChanges changes;
    for (const auto& [name, value] : plan::with_bookkeeping(wanted, release)) {
        if (!value.text) continue;
        const auto there = live.variables.find(name);
        if (there != live.variables.end() && there->second.text && *there->second.text == *value.text)
            continue;
        changes.upserts[name] = *value.text;
    }
    for (const auto& change : plan.changes)
        if (change.kind == plan::Kind::Variable && change.action == plan::Action::Delete &&
            change.service == wanted.name)
            changes.deletes.push_back(change.item);
    if (changes.deletes.empty()) return changes;
    const bool sealed = std::any_of(live.variables.begin(), live.variables.end(),
                                    [](const auto& entry) { return entry.second.sealed; });
    if (sealed) return changes;
    // One call that deletes without a deployment: the whole set, without those that go.
    for (const auto& [name, variable] : live.variables)
        if (variable.text && !changes.upserts.contains(name) &&
            std::find(changes.deletes.begin(), changes.deletes.end(), name) == changes.deletes.end())
            changes.upserts[name] = *variable.text;
    changes.replace = Replace::All;
    changes.deletes.clear();
    return changes;
}

plan::WantedService as_wanted(const plan::LiveService& live) {
    plan::WantedService wanted;
    wanted.name = live.name;
    wanted.image = live.image;
    wanted.settings = live.settings;
    wanted.volume = live.volume;
    wanted.commit = live.variable(std::string(plan::kCommitVariable));
    wanted.content = live.variable(std::string(plan::kContentVariable));
    const auto declared = plan::declared_names(live.variable(std::string(plan::kNamesVariable)));
    for (const auto& [name, variable] : live.variables)
        if (variable.text && !plan::is_bookkeeping(name) &&
            (declared.empty() || std::find(declared.begin(), declared.end(), name) != declared.end()))
            wanted.variables[name] = {variable.text, true};
    // A sealed one stays ours, though nobody knows its value.
    for (const auto& name : declared)
        if (const auto found = live.variables.find(name);
            found != live.variables.end() && found->second.sealed)
            wanted.variables[name] = {std::nullopt, true};
    return wanted;
}

}  // namespace seance::railway
