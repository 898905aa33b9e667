#include "services/litellm/domain/money.hpp"

#include <fmt/format.h>

#include <cmath>

namespace seance::litellm {
namespace {

std::optional<std::int64_t> scaled(double usd, double units, double most) {
    if (!std::isfinite(usd) || std::fabs(usd) > most) return std::nullopt;
    return std::llround(usd * units);
}

}  // namespace

std::optional<NanoUsd> to_nanos(double usd) {
    return scaled(usd, 1e9, kMostUsd);
}

std::optional<PicoUsd> to_picos(double usd) {
    return scaled(usd, 1e12, 1e6);
}

std::string print_usd(NanoUsd amount) {
    auto magnitude = amount < 0 ? 0 - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount);
    auto text =
        fmt::format("{}{}.{:09}", amount < 0 ? "-" : "", magnitude / kNanosPerUsd, magnitude % kNanosPerUsd);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
}

double to_usd(NanoUsd amount) {
    return static_cast<double>(amount) / 1e9;
}

}  // namespace seance::litellm
