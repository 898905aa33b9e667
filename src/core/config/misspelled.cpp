#include "core/config/misspelled.hpp"

#include <algorithm>
#include <array>

#include "core/base/edit_distance.hpp"
#include "core/config/known_names.hpp"

namespace seance::config {
namespace {

// Shorter names are near too much else: PATH and PORT.
constexpr std::size_t kLeastLength = 8;
constexpr std::size_t kMostDistance = 2;

// What other programs, and other services, call a thing that this one may have a setting for.
struct Brought {
    std::string_view name, meant;
};
constexpr std::array kBrought{
    Brought{"HOST", "ADDRESS"},
    Brought{"ADDRESS", "HOST"},
    Brought{"REDIS_URL", "VALKEY_URL"},
    Brought{"VALKEY_URL", "REDIS_URL"},
    Brought{"YPERSISTENCE", "SYNC_DIRECTORY"},  // y-websocket
};

bool is_given(const Sources& sources, const std::string& name) {
    auto given = sources.find(name);
    return given != sources.end() && !given->second.empty();
}

const Declared* find_declared(const std::vector<Declared>& declared, std::string_view name) {
    auto at = std::find_if(declared.begin(), declared.end(),
                           [name](const Declared& setting) { return setting.name == name; });
    return at == declared.end() ? nullptr : &*at;
}

// The setting of this program that `name` is another word for.
const Declared* other_word_for(std::string_view name, const std::vector<Declared>& declared) {
    for (const auto& brought : kBrought)
        if (brought.name == name) return find_declared(declared, brought.meant);
    return nullptr;
}

// By more than a typing error may: the distance is not less, and takes far longer to tell.
bool differ_in_length(std::string_view a, std::string_view b) {
    return std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > kMostDistance;
}

}  // namespace

std::vector<Misspelled> find_misspelled(const Sources& sources, const std::vector<Declared>& declared) {
    std::vector<Misspelled> found;
    for (const auto& [name, value] : sources) {
        if (value.empty() || find_declared(declared, name)) continue;
        if (const auto* meant = other_word_for(name, declared)) {
            if (!is_given(sources, meant->name)) found.push_back({name, meant->name});
            continue;
        }
        if (std::find(kKnownNames.begin(), kKnownNames.end(), name) != kKnownNames.end()) continue;
        const Declared* meant = nullptr;
        auto least = kMostDistance + 1;
        for (const auto& setting : declared) {
            if (setting.name.size() < kLeastLength || differ_in_length(name, setting.name) ||
                is_given(sources, setting.name))
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
