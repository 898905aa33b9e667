#include "core/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "core/base/edit_distance.hpp"

namespace seance {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}

bool iequals(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_utf8(std::string_view text) {
    auto at = reinterpret_cast<const unsigned char*>(text.data());
    auto end = at + text.size();
    while (at < end) {
        // Most text is ASCII: eight bytes of it at once.
        if (std::uint64_t eight; end - at >= 8) {
            std::memcpy(&eight, at, 8);
            if ((eight & 0x8080808080808080) == 0) {
                at += 8;
                continue;
            }
        }
        unsigned char first = *at++;
        if (first < 0x80) continue;
        int more = 0;
        unsigned char low = 0x80, high = 0xBF;  // bounds of the second byte, Unicode table 3-7
        if (first >= 0xC2 && first <= 0xDF)
            more = 1;
        else if (first >= 0xE0 && first <= 0xEF) {
            more = 2;
            if (first == 0xE0) low = 0xA0;
            if (first == 0xED) high = 0x9F;
        } else if (first >= 0xF0 && first <= 0xF4) {
            more = 3;
            if (first == 0xF0) low = 0x90;
            if (first == 0xF4) high = 0x8F;
        } else
            return false;
        for (; more > 0; --more) {
            if (at == end || *at < low || *at > high) return false;
            ++at;
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    return nearest(word, candidates, word.size() / 3 + 1);  // further away is another word, not a typo
}

std::string nearest(std::string_view word, std::span<const std::string> candidates, std::size_t most) {
    std::string best;
    std::size_t best_distance = most + 1;
    for (const auto& candidate : candidates) {
        auto distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    if (!best.empty() || word.size() < 3) return best;
    // Not a typo, but the beginning of one name alone: "prod".
    for (const auto& candidate : candidates) {
        if (!candidate.starts_with(word)) continue;
        if (!best.empty()) return {};
        best = candidate;
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    auto best = nearest(word, candidates);
    return best.empty() ? "" : " (did you mean " + best + "?)";
}

}  // namespace seance
