#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace seance::remote {

using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

// RFC 3339 with up to nine digits of a second ("2026-08-21T10:00:00.123456789Z", "+02:00" too).
std::optional<Timestamp> parse_timestamp(std::string_view text);
// With nine digits and Z.
std::string print_timestamp(Timestamp time);

}  // namespace seance::remote
