#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

using UnixMs = std::int64_t;  // of the wall clock: what has to mean the same to several processes

// After how long a budget begins anew: whole seconds, or calendar months.
struct BudgetPeriod {
    std::int64_t seconds = 0;
    int months = 0;

    // As the scripts in Valkey read it: "s86400", "m1".
    std::string code() const;
};

// "30s", "5m", "12h", "30d", "2w", "1mo". Nothing if it is not one of these, zero, or above ten years.
std::optional<BudgetPeriod> read_period(std::string_view text);

// The first of at, at + period, at + 2 periods … that is after now. A day that a month lacks is its last.
UnixMs next_reset(const BudgetPeriod& period, UnixMs at, UnixMs now);

// "2026-11-25T14:08:26.123Z" and back; the time may lack its fraction, or say +00:00.
std::string print_time(UnixMs when);
std::optional<UnixMs> parse_time(std::string_view text);
// "2026-11-25", in UTC.
std::string print_day(UnixMs when);
std::optional<UnixMs> parse_day(std::string_view text);

}  // namespace seance::litellm
