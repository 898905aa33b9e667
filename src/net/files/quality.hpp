#pragma once
#include <string_view>

#include "core/base/text.hpp"

namespace seance::files {

// "q=0.85" → 850 of 1000; a missing parameter is 1000, a malformed one 0, so that the element is not chosen.
int parse_quality(std::string_view parameters);

// Calls `visit(name, quality)` for each element of a weighted comma list such as Accept. Allocates nothing.
template <class Visit>
void for_each_weighted(std::string_view list, Visit visit) {
    while (!list.empty()) {
        auto comma = list.find(',');
        auto element = list.substr(0, comma);
        list = comma == list.npos ? std::string_view{} : list.substr(comma + 1);
        auto semicolon = element.find(';');
        auto name = trim(element.substr(0, semicolon));
        if (name.empty()) continue;
        visit(name, semicolon == element.npos ? 1000 : parse_quality(element.substr(semicolon + 1)));
    }
}

}  // namespace seance::files
