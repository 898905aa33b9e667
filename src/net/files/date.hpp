#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace seance::files {

// Seconds since 1970, as HTTP dates have no fractions.
using UnixSeconds = std::int64_t;

// All three forms of RFC 9110 section 5.6.7. Two-digit years below 70 are of this century.
std::optional<UnixSeconds> parse_http_date(std::string_view text);

}  // namespace seance::files
