#include "services/litellm/config/known_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

const std::vector<KnownKeys>& sections() {
    static const std::vector<KnownKeys> table = [] {
        std::vector<KnownKeys> read;
        std::string_view rest = known_keys_table();
        while (!rest.empty()) {
            auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            if (line.starts_with('['))
                read.push_back({line.substr(1, line.size() - 2), {}, {}, {}});
            else if (auto colon = line.find(':'); line.starts_with('~') && colon != line.npos)
                read.back().vain.emplace(line.substr(1, colon - 1), line.substr(colon + 1));
            else if (line.starts_with('~'))
                read.back().later.emplace_back(line.substr(1));
            else if (!line.empty())
                read.back().used.emplace_back(line);
        }
        return read;
    }();
    return table;
}

bool holds(const std::vector<std::string>& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

const KnownKeys& known_keys(std::string_view section) {
    for (auto& keys : sections())
        if (keys.section == section) return keys;
    static const KnownKeys none;
    return none;
}

std::string without_effect(const Node& value, std::string_view path) {
    return fmt::format("{}{} is recognised, but has no effect here", value.place(), path);
}

void warn_about_keys(const Node& map, std::string_view section, Notes& notes) {
    auto& known = known_keys(section);
    auto prefix = section.empty() ? std::string() : fmt::format("{}.", section);
    for (auto& [key, value] : map.members) {
        if (holds(known.used, key)) continue;
        if (auto vain = known.vain.find(key); vain != known.vain.end()) {
            if (iequals(value.text, vain->second))
                notes.warnings.push_back(without_effect(value, prefix + key + ": " + value.text));
            continue;
        }
        if (holds(known.later, key)) {
            notes.warnings.push_back(without_effect(value, prefix + key));
            continue;
        }
        std::vector<std::string> all = known.used;
        all.insert(all.end(), known.later.begin(), known.later.end());
        notes.warnings.push_back(fmt::format("{}{}{} is not a known key{}; it is ignored", value.place(),
                                             prefix, key, did_you_mean(key, all)));
    }
}

}  // namespace seance::litellm
