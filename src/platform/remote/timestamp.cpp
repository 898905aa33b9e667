#include "platform/remote/timestamp.hpp"

#include <fmt/format.h>

#include <ctime>

#include "core/base/text.hpp"

namespace seance::remote {
namespace {

// Takes `digits` decimal digits off the front; nothing if there are not so many.
std::optional<int> take(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    auto number = parse_number(text.substr(0, digits));
    if (!number) return std::nullopt;
    text.remove_prefix(digits);
    return static_cast<int>(*number);
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// Z, +hh:mm, -hh:mm.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) return std::chrono::minutes(0);
    bool west = text.starts_with('-');
    if (!take(text, "+-")) return std::nullopt;
    auto hours = take(text, 2);
    if (!hours || !take(text, ":")) return std::nullopt;
    auto minutes = take(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    auto offset = std::chrono::minutes(*hours * 60 + *minutes);
    return west ? -offset : offset;
}

std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
    if (!take(text, ".")) return std::chrono::nanoseconds(0);
    std::int64_t nanoseconds = 0, unit = 100'000'000;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, unit /= 10)
        nanoseconds += unit * (text[digits] - '0');
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    auto y = take(text, 4);
    if (!y || !take(text, "-")) return std::nullopt;
    auto mo = take(text, 2);
    if (!mo || !take(text, "-")) return std::nullopt;
    auto d = take(text, 2);
    if (!d || !take(text, "Tt ")) return std::nullopt;
    auto h = take(text, 2);
    if (!h || !take(text, ":")) return std::nullopt;
    auto mi = take(text, 2);
    if (!mi || !take(text, ":")) return std::nullopt;
    auto s = take(text, 2);
    if (!s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
    auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    year_month_day date{year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))};
    // What fits into 64 bits of nanoseconds.
    if (!date.ok() || *y < 1700 || *y > 2200) return std::nullopt;
    return sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + *fraction - *offset;
}

std::string print_timestamp(Timestamp time) {
    auto whole = std::chrono::floor<std::chrono::seconds>(time);
    std::time_t seconds = whole.time_since_epoch().count();
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (time - whole).count());
}

}  // namespace seance::remote
