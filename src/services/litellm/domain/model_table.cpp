#include "services/litellm/domain/model_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "services/litellm/domain/pattern.hpp"

namespace seance::litellm {

ModelTable::ModelTable(std::shared_ptr<const Config> config) : config_(std::move(config)) {
    for (auto& deployment : config_->deployments) {
        auto& group = groups_[deployment->model_name];
        if (group.empty() && deployment->is_wildcard() && deployment->model_name != "*")
            patterns_.push_back(deployment->model_name);
        group.push_back(deployment);
        by_id_.emplace(deployment->id, deployment);
        if (!deployment->is_wildcard())
            endpoints_[deployment.get()] = std::make_shared<const Outcome<Endpoint>>(
                find_endpoint(*deployment, deployment->litellm_model, config_->environment));
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
        for (auto& deployment : group->second) found.candidates.push_back(candidate(deployment));
        return found;
    }
    if (auto one = by_id_.find(name); one != by_id_.end() && !one->second->is_wildcard())
        return Resolution{one->second->model_name, {candidate(one->second)}, true};
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

Candidate ModelTable::candidate(const std::shared_ptr<const Deployment>& deployment) const {
    auto prepared = endpoints_.find(deployment.get());
    return {deployment, deployment->litellm_model, prepared == endpoints_.end() ? nullptr : prepared->second};
}

std::string_view ModelTable::label_of(const Resolution& resolution) const {
    if (resolution.candidates.empty()) return "";
    return resolution.candidates.front().deployment->model_name;
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

std::vector<std::string> ModelTable::unknown_fallbacks() const {
    std::vector<std::string> sentences;
    auto names = public_names(false);
    auto look = [&](std::string_view key, const FallbackTable& table) {
        for (auto& [group, targets] : table.lists())
            for (auto& target : targets)
                if (!resolve(target))
                    sentences.push_back(fmt::format(
                        "{} of {} name {}, which is no model_name of model_list{}; it is passed over", key,
                        group == "*" ? "all models" : group, target, did_you_mean(target, names)));
    };
    look("fallbacks", config_->routing.fallbacks);
    look("context_window_fallbacks", config_->routing.context_window_fallbacks);
    look("content_policy_fallbacks", config_->routing.content_policy_fallbacks);
    return sentences;
}

}  // namespace seance::litellm
