#include "services/litellm/domain/model_table.hpp"

#include <algorithm>
#include <set>

#include "services/litellm/domain/pattern.hpp"

namespace seance::litellm {

ModelTable::ModelTable(std::shared_ptr<const Config> config) : config_(std::move(config)) {
    for (auto& deployment : config_->deployments) {
        auto& group = groups_[deployment->model_name];
        if (group.empty() && deployment->is_wildcard() && deployment->model_name != "*")
            patterns_.push_back(deployment->model_name);
        group.push_back(deployment);
        by_id_.emplace(deployment->id, deployment);
    }
    std::stable_sort(patterns_.begin(), patterns_.end(), more_specific);
}

std::optional<Resolution> ModelTable::resolve(std::string_view requested) const {
    std::string name(requested);
    for (auto& alias : config_->aliases) {
        if (alias.name != requested) continue;
        name = alias.target;
        break;
    }
    if (auto group = groups_.find(name); group != groups_.end() && !is_pattern(name)) {
        Resolution found{name, {}};
        for (auto& deployment : group->second)
            found.candidates.push_back({deployment, deployment->litellm_model});
        return found;
    }
    if (auto one = by_id_.find(name); one != by_id_.end() && !one->second->is_wildcard())
        return Resolution{one->second->model_name, {{one->second, one->second->litellm_model}}};
    if (auto found = match_wildcards(name)) return found;
    if (auto provider = infer_provider(name, config_->environment))
        if (auto found = match_wildcards(std::string(provider->prefix) + "/" + name)) {
            found->group = name;
            return found;
        }
    auto fallback = groups_.find("*");
    if (fallback == groups_.end()) return std::nullopt;
    Resolution found{name, {}};
    for (auto& deployment : fallback->second)
        found.candidates.push_back({deployment, fill_pattern(deployment->litellm_model, {name}, name)});
    return found;
}

std::optional<Resolution> ModelTable::match_wildcards(std::string_view name) const {
    for (auto& pattern : patterns_) {
        auto captures = match_pattern(pattern, name);
        if (!captures) continue;
        Resolution found{std::string(name), {}};
        for (auto& deployment : groups_.find(pattern)->second)
            found.candidates.push_back(
                {deployment, fill_pattern(deployment->litellm_model, *captures, name)});
        return found;
    }
    return std::nullopt;
}

std::vector<std::string> ModelTable::public_names(bool with_patterns) const {
    std::vector<std::string> names;
    std::set<std::string_view> seen;
    auto add = [&](const std::string& name) {
        if (seen.insert(name).second && (with_patterns || !is_pattern(name))) names.push_back(name);
    };
    for (auto& deployment : config_->deployments) add(deployment->model_name);
    for (auto& alias : config_->aliases)
        if (!alias.hidden) add(alias.name);
    return names;
}

std::size_t shuffle(const std::vector<Candidate>& candidates, double random) {
    int lowest = candidates.front().deployment->order;
    for (auto& candidate : candidates) lowest = std::min(lowest, candidate.deployment->order);
    std::vector<std::size_t> eligible;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (candidates[i].deployment->order == lowest) eligible.push_back(i);

    for (auto key : {&Deployment::weight, &Deployment::rpm, &Deployment::tpm}) {
        double sum = 0;
        bool any = false;
        for (auto i : eligible) {
            auto& value = (*candidates[i].deployment).*key;
            any = any || value.has_value();
            sum += std::max(0.0, value.value_or(0));
        }
        if (!any) continue;
        if (sum <= 0) break;
        double left = random * sum;
        for (auto i : eligible) {
            left -= std::max(0.0, ((*candidates[i].deployment).*key).value_or(0));
            if (left < 0) return i;
        }
        break;
    }
    return eligible[std::min(eligible.size() - 1,
                             static_cast<std::size_t>(random * static_cast<double>(eligible.size())))];
}

}  // namespace seance::litellm
