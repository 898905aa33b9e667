#include "store/object/key.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::object {

std::string key_problem(std::string_view key) {
    if (key.empty()) return "is empty";
    if (key.size() > 1024) return "is longer than 1024 bytes";
    if (key.front() == '/') return "begins with a slash";
    if (key.back() == '/') return "ends with a slash";
    auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(key.begin(), key.end(), control)) return "holds a control character";
    if (key.find('\\') != std::string_view::npos) return "holds a backslash";
    if (!is_utf8(key)) return "is not UTF-8";
    for (auto segment : split(key, '/')) {
        if (segment.empty()) return "has an empty segment (two slashes in a row)";
        if (segment == "." || segment == "..") return "has a \".\" or \"..\" segment";
        if (segment.size() > 255) return "has a segment longer than 255 bytes";
    }
    return "";
}

}  // namespace seance::object
