#include "services/litellm/domain/model_access.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/domain/pattern.hpp"

namespace seance::litellm {
namespace {

bool names(std::string_view entry, std::string_view model) {
    if (entry == model) return true;
    // Unlike the names of deployments, what a key may use has to match to the end.
    if (!is_pattern(entry)) return false;
    std::size_t at = 0, from = 0, star = std::string_view::npos, mark = 0;
    while (at < model.size()) {
        if (from < entry.size() && entry[from] == '*') {
            star = from++;
            mark = at;
        } else if (from < entry.size() && entry[from] == model[at]) {
            ++from;
            ++at;
        } else if (star != std::string_view::npos) {
            from = star + 1;
            at = ++mark;
        } else {
            return false;
        }
    }
    while (from < entry.size() && entry[from] == '*') ++from;
    return from == entry.size();
}

}  // namespace

AccessGroups read_access_groups(const Config& config) {
    AccessGroups groups;
    for (auto& deployment : config.deployments) {
        auto info = parse_json(deployment->info_json);
        auto list = info ? json_find(*info, "access_groups") : std::nullopt;
        if (!list || !list->is(JsonKind::Array)) continue;
        for (auto& item : json_elements(*list))
            if (auto name = json_text(item)) groups[*name].insert(deployment->model_name);
    }
    return groups;
}

bool allows_model(const std::vector<std::string>& list, std::string_view model, const AccessGroups& groups,
                  const std::vector<std::string>& team) {
    if (list.empty()) return true;
    return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
        if (entry == "all-proxy-models") return true;
        if (entry == "no-default-models") return false;
        if (entry == "all-team-models")
            return team.empty() ||
                   allows_model(team, model, groups, std::vector<std::string>{"no-default-models"});
        if (names(entry, model)) return true;
        auto group = groups.find(entry);
        return group != groups.end() && std::any_of(group->second.begin(), group->second.end(),
                                                    [&](auto& member) { return names(member, model); });
    });
}

ApiError model_denied(std::string_view whose, std::string_view model, const std::vector<std::string>& list) {
    return {.status = 403,
            .message = fmt::format("{} not allowed to access model. This {} can only access models=[{}]. "
                                   "Tried to access {}",
                                   whose, whose, fmt::join(list, ", "), model),
            .type = fmt::format("{}_model_access_denied", whose),
            .param = "model"};
}

}  // namespace seance::litellm
