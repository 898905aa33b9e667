#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seance {

std::string lower(std::string_view text);              // ASCII only
bool iequals(std::string_view a, std::string_view b);  // ASCII only
std::string_view trim(std::string_view text);          // spaces, tabs, CR, LF

// "a,b,,c" → a, b, "", c. Empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

// Decimal digits only, no sign, no overflow.
std::optional<std::uint64_t> parse_number(std::string_view text);

// The value of a hex digit of either case; -1 for any other character.
int hex_digit(char c);

bool is_utf8(std::string_view text);

// The candidate nearest to `word` by edit distance, if near enough to be a typo of it; else empty.
std::string nearest(std::string_view word, std::span<const std::string> candidates);
// The same with a distance of the caller's: at most `most` letters apart.
std::string nearest(std::string_view word, std::span<const std::string> candidates, std::size_t most);

// " (did you mean X?)" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace seance
