#include "net/files/caching.hpp"

#include <algorithm>

namespace seance::files {
namespace {

constexpr std::size_t kLeastHash = 8;

bool is_hash_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string_view last_segment(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

bool carries_hash(std::string_view path, std::string_view build_directory) {
    if (build_directory.empty() || !path.starts_with(build_directory)) return false;
    auto name = last_segment(path);
    auto dot = name.rfind('.');
    if (dot == name.npos) return false;
    auto stem = name.substr(0, dot);
    // The hash may itself hold dashes, so the leftmost separator that leaves only hash characters decides.
    auto tail = std::find_if_not(stem.rbegin(), stem.rend(), is_hash_character);
    auto run = static_cast<std::size_t>(tail - stem.rbegin());
    auto hash = stem.substr(stem.size() - run);
    if (tail != stem.rend() && *tail == '.' && hash.size() >= kLeastHash) return true;
    auto dash = hash.find('-');
    return dash != hash.npos && hash.size() - dash - 1 >= kLeastHash;
}

std::string_view cache_control(std::string_view path, std::string_view build_directory, bool is_page) {
    if (is_page || last_segment(path) == "sw.js" || path.ends_with(".webmanifest")) return "no-cache";
    if (carries_hash(path, build_directory)) return "public, max-age=31536000, immutable";
    return "public, max-age=3600";
}

}  // namespace seance::files
