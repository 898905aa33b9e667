#include "services/litellm/routing/fallback.hpp"

#include <algorithm>

namespace seance::litellm {

const std::vector<std::string>* FallbackWalk::list_of(const FallbackTable& table,
                                                      std::string_view group) const {
    if (group == first_ && !alias_.empty())
        if (auto own = table.find_own(alias_)) return own;
    return table.find(group);
}

const std::vector<std::string>* FallbackWalk::list_of(const FallbackTable& client,
                                                      const FallbackTable& configured,
                                                      std::string_view group) const {
    if (auto own = list_of(client, group)) return own;
    return list_of(configured, group);
}

void FallbackWalk::begin(std::string group, std::string alias) {
    first_ = std::move(group);
    alias_ = std::move(alias);
    seen_ = {first_};
}

std::vector<FallbackTarget> FallbackWalk::general_of(std::string_view group) const {
    if (group == first_ && !client_.general.empty())
        return client_asked_ ? std::vector<FallbackTarget>{} : client_.general;
    std::vector<FallbackTarget> targets;
    if (auto list = list_of(settings_.fallbacks, group))
        for (auto& model : *list) targets.push_back({model});
    return targets;
}

std::vector<FallbackTarget> FallbackWalk::targets_of(std::string_view group, ErrorClass kind) const {
    if (client_.disabled) return {};
    const std::vector<std::string>* special = nullptr;
    if (kind == ErrorClass::ContextWindow)
        special = list_of(client_.context_window, settings_.context_window_fallbacks, group);
    if (kind == ErrorClass::ContentPolicy)
        special = list_of(client_.content_policy, settings_.content_policy_fallbacks, group);
    std::vector<FallbackTarget> targets;
    if (special)
        for (auto& model : *special) targets.push_back({model});
    for (auto& target : general_of(group)) targets.push_back(std::move(target));
    return targets;
}

bool FallbackWalk::has(std::string_view group, ErrorClass kind) const {
    if (client_.disabled) return false;
    if (kind == ErrorClass::ContextWindow)
        return list_of(client_.context_window, settings_.context_window_fallbacks, group) != nullptr;
    if (kind == ErrorClass::ContentPolicy)
        return list_of(client_.content_policy, settings_.content_policy_fallbacks, group) != nullptr;
    return has_general(group);
}

bool FallbackWalk::has_general(std::string_view group) const {
    return !client_.disabled && !general_of(group).empty();
}

std::optional<FallbackTarget> FallbackWalk::next(std::string_view group, ErrorClass kind) {
    auto targets = targets_of(group, kind);
    if (group == first_) client_asked_ = true;  // its list is for the request, not for each time it comes by
    waiting_.insert(waiting_.end(), std::make_move_iterator(targets.rbegin()),
                    std::make_move_iterator(targets.rend()));
    while (!waiting_.empty() && hops_ < settings_.max_fallbacks) {
        auto target = std::move(waiting_.back());
        waiting_.pop_back();
        // The same group may still answer another body.
        if (target.overrides.empty()) {
            if (std::find(seen_.begin(), seen_.end(), target.model) != seen_.end()) continue;
            seen_.push_back(target.model);
        }
        ++hops_;
        return target;
    }
    return std::nullopt;
}

std::string FallbackWalk::available(std::string_view group) const {
    if (client_.disabled) return "None";
    std::string out;
    auto own = group == first_ && !client_.general.empty();
    for (auto& target : own ? client_.general : general_of(group))
        out += (out.empty() ? "'" : ", '") + target.model + "'";
    return out.empty() ? "None" : "[" + out + "]";
}

}  // namespace seance::litellm
