#include "platform/plan/only_secrets.hpp"

#include <algorithm>

#include "platform/plan/bookkeeping.hpp"

namespace seance::plan {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Settings live_settings(const Settings& wanted, const Settings& live) {
    auto kept = live;
    // What is not declared is not compared, and so no part of the revision.
    if (wanted.region.empty()) kept.region.clear();
    if (wanted.cpu <= 0) kept.cpu = 0;
    if (wanted.memory_mb == 0) kept.memory_mb = 0;
    if (wanted.health_path.empty() && live.health_path.empty())
        kept.health_timeout_seconds = wanted.health_timeout_seconds;
    return kept;
}

Values variables(const Values& wanted, const LiveService& live, const std::vector<std::string>& secrets) {
    Values kept;
    for (const auto& [name, value] : wanted) {
        if (value.from_secret) {
            kept[name] = value;
            continue;
        }
        const auto there = live.variables.find(name);
        if (there != live.variables.end()) kept[name] = {there->second.text, false};
    }
    // Ours of an earlier stack.yaml: the next deployment decides about them.
    for (const auto& name : declared_names(live.variable(std::string(kNamesVariable)))) {
        const auto there = live.variables.find(name);
        if (kept.contains(name) || wanted.contains(name) || contains(secrets, name) ||
            there == live.variables.end())
            continue;
        kept[name] = {there->second.text, false};
    }
    return kept;
}

using Texts = std::map<std::string, std::string>;

// Whether `had` has other secrets than are wanted. A sealed one cannot be compared.
bool differs(const WantedService& wanted, const LiveService& live, const Texts& had,
             const std::vector<std::string>& secrets) {
    for (const auto& [name, value] : wanted.variables) {
        if (!value.from_secret || !value.text) continue;
        const auto now = live.variables.find(name);
        if (now != live.variables.end() && now->second.sealed) continue;
        const auto there = had.find(name);
        if (there == had.end() || there->second != value.text->reveal()) return true;
    }
    return std::any_of(had.begin(), had.end(), [&](const auto& entry) {
        return contains(secrets, entry.first) && !wanted.variables.contains(entry.first);
    });
}

// What is configured counts too: it is what the next deployment is started with.
bool is_concerned(const WantedService& wanted, const LiveService& live,
                  const std::vector<std::string>& secrets, const StartedWith& started) {
    Texts configured;
    for (const auto& [name, variable] : live.variables)
        if (variable.text) configured[name] = variable.text->reveal();
    if (differs(wanted, live, configured, secrets)) return true;
    const auto then = started.find(live.name);
    return then != started.end() && differs(wanted, live, then->second, secrets);
}

}  // namespace

OnlySecrets only_secrets(Wanted wanted, const Live& live,
                         const std::map<std::string, std::vector<std::string>>& declared,
                         const StartedWith* started) {
    static const std::vector<std::string> kNone;
    OnlySecrets made;
    made.wanted = wanted;
    made.wanted.services.clear();
    made.wanted.commit.clear();
    made.wanted.dns = false;
    made.wanted.spaces.reset();
    for (auto& service : wanted.services) {
        const auto* now = live.service(service.name);
        const bool has_secrets = std::any_of(service.variables.begin(), service.variables.end(),
                                             [](const auto& entry) { return entry.second.from_secret; });
        if (!now) {
            if (has_secrets) made.absent.push_back(service.name);
            continue;
        }
        const auto found = declared.find(service.name);
        const auto& names = found == declared.end() ? kNone : found->second;
        if (started && !is_concerned(service, *now, names, *started)) continue;
        service.variables = variables(service.variables, *now, names);
        service.settings = live_settings(service.settings, now->settings);
        const bool other_runs = started && now->running && now->running->image != now->image;
        service.image = other_runs ? now->running->image : now->image;
        service.commit = other_runs ? now->running->commit : now->variable(std::string(kCommitVariable));
        service.content = other_runs ? now->running->content : now->variable(std::string(kContentVariable));
        service.volume = now->volume;
        service.domains.clear();
        made.wanted.services.push_back(std::move(service));
    }
    return made;
}

}  // namespace seance::plan
