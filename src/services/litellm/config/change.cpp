#include "services/litellm/config/change.hpp"

#include <fmt/format.h>

#include <map>

namespace seance::litellm {
namespace {

using ById = std::map<std::string_view, const Deployment*>;

ById by_id(const Config& config) {
    ById found;
    for (auto& deployment : config.deployments) found.emplace(deployment->id, deployment.get());
    return found;
}

std::string describe(const Deployment& deployment, std::string_view what) {
    return fmt::format("deployment {} of {} {}", deployment.id, deployment.model_name, what);
}

// Whether keys are looked at, even if none can be right for want of a value.
bool asks_for_key(const Config& config) {
    return !config.master_key.empty() || !config.master_key_problem.empty();
}

}  // namespace

std::vector<std::string> changes_between(const Config& before, const Config& after) {
    std::vector<std::string> lines;
    auto old = by_id(before), fresh = by_id(after);
    for (auto& [id, deployment] : fresh) {
        auto same = old.find(id);
        if (same == old.end())
            lines.push_back(describe(*deployment, "added"));
        else if (same->second->fingerprint != deployment->fingerprint)
            lines.push_back(describe(*deployment, "changed"));
    }
    for (auto& [id, deployment] : old)
        if (!fresh.contains(id)) lines.push_back(describe(*deployment, "removed"));
    for (auto& [path, print] : after.fingerprints) {
        auto same = before.fingerprints.find(path);
        if (same == before.fingerprints.end())
            lines.push_back(path + " added");
        else if (same->second != print)
            lines.push_back(path + " changed");
    }
    for (auto& [path, print] : before.fingerprints)
        if (!after.fingerprints.contains(path)) lines.push_back(path + " removed");
    return lines;
}

std::vector<std::string> reasons_to_refuse(const Config& before, const Config& after) {
    auto reasons = after.notes.faults;
    if (after.empty && !before.empty)
        reasons.push_back(fmt::format("{} is empty", after.files.empty() ? "the file" : after.files.front()));
    if (!after.master_key_problem.empty() && before.master_key_problem.empty())
        reasons.push_back(after.master_key_problem);
    if (asks_for_key(before) && !asks_for_key(after))
        reasons.push_back(
            "general_settings.master_key is gone, which would open every route to whoever can connect; set "
            "it "
            "again, or restart the gateway if that is what you want");
    if (after.deployments.empty() && !before.deployments.empty() && !after.notes.errors.empty())
        reasons.push_back("no deployment is left: " + after.notes.errors.front());
    return reasons;
}

void carry_over(Config& after, const Config& before) {
    auto old = by_id(before);
    for (auto& deployment : after.deployments) {
        auto same = old.find(deployment->id);
        if (same == old.end() || same->second->fingerprint != deployment->fingerprint) continue;
        auto copy = std::make_shared<Deployment>(*deployment);
        copy->state = same->second->state;
        deployment = std::move(copy);
    }
    for (auto& [provider, spend] : after.provider_spend)
        if (auto same = before.provider_spend.find(provider); same != before.provider_spend.end())
            spend = same->second;
}

}  // namespace seance::litellm
