#include "core/base/duration.hpp"

#include <fmt/format.h>

#include <cstdlib>
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

// With room for the milliseconds.
std::string print_second(std::time_t second) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

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

void append_ms(std::string& out, Duration duration) {
    auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    if (us < 0) out += '-';
    auto parted = std::lldiv(us < 0 ? -us : us, 1000);
    out += fmt::format_int(parted.quot).c_str();
    auto rest = static_cast<int>(parted.rem);
    out += '.';
    for (int digit : {rest / 100, rest / 10 % 10, rest % 10}) out += static_cast<char>('0' + digit);
}

std::string print_ms(Duration duration) {
    std::string out;
    append_ms(out, duration);
    return out;
}

std::string iso_timestamp(std::chrono::system_clock::time_point when) {
    auto second = std::chrono::floor<std::chrono::seconds>(when);
    // A busy program prints the same second thousands of times, in its log.
    thread_local std::chrono::system_clock::time_point printed;
    thread_local std::string text;
    if (second != printed || text.empty()) {
        printed = second;
        text = print_second(std::chrono::system_clock::to_time_t(second));
    }
    auto rest = static_cast<unsigned>((when - second) / 1ms);
    std::size_t at = text.size() - 4;
    for (unsigned unit : {100U, 10U, 1U}) text[at++] = static_cast<char>('0' + rest / unit % 10);
    return text;
}

}  // namespace seance
