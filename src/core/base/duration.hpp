#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace seance {

using Clock = std::chrono::steady_clock;
using Duration = std::chrono::nanoseconds;
using Instant = Clock::time_point;

// "500ms", "5s", "2m", "1h", "7d"; a whole number and a unit, nothing else.
std::optional<Duration> parse_duration(std::string_view text);

// The largest unit that divides it: 90s → "90s", 120s → "2m". Milliseconds are the smallest.
std::string print_duration(Duration duration);

// Milliseconds to the microsecond below: 1.5 ms → "1.500".
void append_ms(std::string& out, Duration duration);
std::string print_ms(Duration duration);

// 2026-11-24T06:47:06.123Z, of the wall clock.
std::string iso_timestamp(std::chrono::system_clock::time_point when);

}  // namespace seance
