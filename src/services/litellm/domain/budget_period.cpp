#include "services/litellm/domain/budget_period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

using namespace std::chrono;

constexpr std::int64_t kMostSeconds = 10LL * 366 * 86400;

UnixMs add_months(UnixMs at, int months) {
    auto point = sys_time<milliseconds>(milliseconds(at));
    auto day = floor<days>(point);
    auto time = point - day;
    auto date = year_month_day(day);
    auto month = year_month(date.year(), date.month()) + std::chrono::months(months);
    auto last = (month / std::chrono::last).day();
    auto moved = sys_days(month / std::min(date.day(), last));
    return (moved + time).time_since_epoch() / milliseconds(1);
}

std::optional<std::int64_t> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return std::nullopt;
    auto number = parse_number(text.substr(at, count));
    return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

}  // namespace

std::string BudgetPeriod::code() const {
    return months > 0 ? fmt::format("m{}", months) : fmt::format("s{}", seconds);
}

std::optional<BudgetPeriod> read_period(std::string_view text) {
    text = trim(text);
    auto unit = text.find_first_not_of("0123456789");
    if (unit == std::string_view::npos || unit == 0) return std::nullopt;
    auto number = parse_number(text.substr(0, unit));
    if (!number || *number == 0 || *number > static_cast<std::uint64_t>(kMostSeconds)) return std::nullopt;
    auto count = static_cast<std::int64_t>(*number);
    auto word = text.substr(unit);
    if (word == "mo") {
        if (count > 120) return std::nullopt;
        return BudgetPeriod{0, static_cast<int>(count)};
    }
    std::int64_t factor = word == "s"   ? 1
                          : word == "m" ? 60
                          : word == "h" ? 3600
                          : word == "d" ? 86400
                          : word == "w" ? 604800
                                        : 0;
    if (factor == 0 || count > kMostSeconds / factor) return std::nullopt;
    return BudgetPeriod{count * factor, 0};
}

UnixMs next_reset(const BudgetPeriod& period, UnixMs at, UnixMs now) {
    if (period.months > 0) {
        auto next = at;
        for (int i = 1; next <= now && i < 2400; ++i) next = add_months(at, period.months * i);
        return next;
    }
    if (at > now || period.seconds <= 0) return at;
    auto step = period.seconds * 1000;
    return at + ((now - at) / step + 1) * step;
}

std::string print_time(UnixMs when) {
    auto point = sys_time<milliseconds>(milliseconds(when));
    auto day = floor<days>(point);
    auto date = year_month_day(day);
    auto time = hh_mm_ss(point - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

std::optional<UnixMs> parse_time(std::string_view text) {
    text = trim(text);
    auto day = parse_day(text.substr(0, 10));
    if (!day) return std::nullopt;
    if (text.size() == 10) return day;
    if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
    auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (!hour || !minute || !second || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    auto rest = text.substr(19);
    std::int64_t fraction = 0;
    if (rest.starts_with('.')) {
        auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        auto part = std::string(rest.substr(1, std::min<std::size_t>(end - 1, 3)));
        if (part.empty()) return std::nullopt;
        part.resize(3, '0');
        fraction = static_cast<std::int64_t>(*parse_number(part));
        rest = rest.substr(end);
    }
    if (!rest.empty() && rest != "Z" && rest != "z" && rest != "+00:00") return std::nullopt;
    return *day + ((*hour * 60 + *minute) * 60 + *second) * 1000 + fraction;
}

std::string print_day(UnixMs when) {
    return print_time(when).substr(0, 10);
}

std::optional<UnixMs> parse_day(std::string_view text) {
    auto y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
    if (!y || !m || !d || text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    auto date = year_month_day(year(static_cast<int>(*y)), month(static_cast<unsigned>(*m)),
                               day(static_cast<unsigned>(*d)));
    if (!date.ok()) return std::nullopt;
    return sys_time<milliseconds>(sys_days(date)).time_since_epoch() / milliseconds(1);
}

}  // namespace seance::litellm
