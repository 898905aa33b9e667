#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// Money as whole numbers, so that sums are exact whatever their order: a billionth of a dollar for what was
// spent, a trillionth for the price of one token (some cost less than a billionth).
using NanoUsd = std::int64_t;
using PicoUsd = std::int64_t;

inline constexpr NanoUsd kNanosPerUsd = 1'000'000'000;
inline constexpr PicoUsd kPicosPerNano = 1'000;
// Above this a budget counts as none: sums of several must fit.
inline constexpr double kMostUsd = 1e9;

// Rounded to the nearest; nothing if it is not finite, or beyond kMostUsd either way.
std::optional<NanoUsd> to_nanos(double usd);
std::optional<PicoUsd> to_picos(double usd);

// "0.000123", "12", "-0.5": every digit, no exponent; a JSON number.
std::string print_usd(NanoUsd amount);
double to_usd(NanoUsd amount);

}  // namespace seance::litellm
