#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/text.hpp"

namespace seance::testing_support {

// Bytes as tests write them.
inline std::string unhex(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0) throw std::runtime_error("not hex: " + std::string(digits));
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

}  // namespace seance::testing_support
