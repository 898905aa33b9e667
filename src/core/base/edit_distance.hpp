#pragma once
#include <cstddef>
#include <string_view>

namespace seance {

// How many letters have to be changed, added or left out to make one of the other, whatever their case.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace seance
