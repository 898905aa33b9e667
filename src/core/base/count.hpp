#pragma once
#include <concepts>
#include <string>
#include <string_view>

namespace seance {

// "1 service", "3 services": a number with its noun. A noun of an irregular plural is given with it.
inline std::string count(std::integral auto number, std::string_view one, std::string_view many = {}) {
    auto text = std::to_string(number) + " ";
    if (number == 1) return text += one;
    if (!many.empty()) return text += many;
    text += one;
    return text += "s";
}

}  // namespace seance
