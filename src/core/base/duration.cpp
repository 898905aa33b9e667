#include "core/base/duration.hpp"

#include <fmt/format.h>

#include <ctime>

#include "core/base/text.hpp"

namespace seance {
namespace {

using namespace std::chrono_literals;

struct Unit {
    std::string_view name;
    Duration size;
};
// Longest first, so that printing takes the largest that divides; "ms" stands before "s" for parsing by
// suffix.
constexpr Unit kUnits[] = {{"d", 24h}, {"h", 1h}, {"m", 1min}, {"ms", 1ms}, {"s", 1s}};
constexpr std::uint64_t kMostDays =
    36'500;  // nothing here waits a century, and nanoseconds must not overflow

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    for (const auto& unit : kUnits) {
        if (!text.ends_with(unit.name)) continue;
        auto number = parse_number(text.substr(0, text.size() - unit.name.size()));
        if (!number) continue;
        auto most = static_cast<std::uint64_t>(Duration(24h) / unit.size) * kMostDays;
        if (*number > most) return std::nullopt;
        return unit.size * static_cast<Duration::rep>(*number);
    }
    return std::nullopt;
}

std::string print_duration(Duration duration) {
    for (const Unit& unit : {kUnits[0], kUnits[1], kUnits[2], kUnits[4]})
        if (duration.count() != 0 && duration % unit.size == Duration::zero())
            return fmt::format("{}{}", duration / unit.size, unit.name);
    return fmt::format("{}ms", duration / 1ms);
}

std::string iso_timestamp(std::chrono::system_clock::time_point when) {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
    std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms % 1000);
}

}  // namespace seance
