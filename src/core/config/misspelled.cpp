#include "core/config/misspelled.hpp"

#include <algorithm>

#include "core/base/edit_distance.hpp"
#include "core/config/known_names.hpp"

namespace seance::config {
namespace {

// Shorter names are near too much else: PATH and PORT.
constexpr std::size_t kLeastLength = 8;
constexpr std::size_t kMostDistance = 2;

// By more than a typing error may: the distance is not less, and takes far longer to tell.
bool differ_in_length(std::string_view a, std::string_view b) {
    return std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > kMostDistance;
}

}  // namespace

std::vector<Misspelled> find_misspelled(const Sources& sources, const std::vector<Declared>& declared) {
    std::vector<Misspelled> found;
    for (const auto& [name, value] : sources) {
        if (value.empty() || std::find(kKnownNames.begin(), kKnownNames.end(), name) != kKnownNames.end())
            continue;
        const Declared* meant = nullptr;
        auto least = kMostDistance + 1;
        for (const auto& setting : declared) {
            if (setting.name == name) {
                meant = nullptr;
                break;
            }
            if (setting.name.size() < kLeastLength || differ_in_length(name, setting.name)) continue;
            if (auto given = sources.find(setting.name); given != sources.end() && !given->second.empty())
                continue;
            auto distance = edit_distance(name, setting.name);
            if (distance >= least) continue;
            least = distance;
            meant = &setting;
        }
        if (meant) found.push_back({name, meant->name});
    }
    return found;
}

}  // namespace seance::config
