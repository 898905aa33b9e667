#include "services/litellm/config/remarks.hpp"

#include <map>

namespace seance::litellm {
namespace {

// "config.yaml:12: x" without its line: "config.yaml: x".
std::string without_line(std::string_view text) {
    auto end = text.find(": ");
    auto colon = end == text.npos ? text.npos : text.rfind(':', end - 1);
    if (end == 0 || colon == text.npos || colon + 1 == end ||
        text.substr(colon + 1, end - colon - 1).find_first_not_of("0123456789") != text.npos)
        return std::string(text);
    return std::string(text.substr(0, colon)) + std::string(text.substr(end));
}

std::string identity(const Remark& remark) {
    return std::string(remark.event) + without_line(remark.text);
}

}  // namespace

std::vector<Remark> remarks_on(const ModelTable& models) {
    std::vector<Remark> remarks;
    auto& config = models.config();
    for (auto& text : config.notes.errors) remarks.push_back({true, "config_problem", "problem", text});
    for (auto& text : config.notes.warnings) remarks.push_back({false, "config_warning", "warning", text});
    for (auto& text : models.unknown_fallbacks())
        remarks.push_back({false, "config_warning", "warning", text});
    for (auto& text : unusable_deployments(config))
        remarks.push_back({false, "model_disabled", "reason", text});
    return remarks;
}

std::vector<Remark> new_remarks(const std::vector<Remark>& now, const std::vector<Remark>& before) {
    std::map<std::string, int> known;
    for (auto& remark : before) ++known[identity(remark)];
    std::vector<Remark> fresh;
    for (auto& remark : now)
        if (known[identity(remark)]-- <= 0) fresh.push_back(remark);
    return fresh;
}

}  // namespace seance::litellm
