#include "net/files/date.hpp"

#include <array>
#include <chrono>

#include "core/base/text.hpp"

namespace seance::files {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a date apart from the left. The first piece that does not fit makes all of it bad.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    void literal(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return fail();
        rest_.remove_prefix(wanted.size());
    }
    int number(std::size_t digits) {
        auto value = parse_number(rest_.substr(0, digits));
        if (!value || rest_.size() < digits) return fail(), 0;
        rest_.remove_prefix(digits);
        return static_cast<int>(*value);
    }
    template <std::size_t N>
    unsigned word(const std::array<std::string_view, N>& words) {
        for (unsigned i = 0; i < N; ++i) {
            if (!rest_.starts_with(words[i])) continue;
            rest_.remove_prefix(words[i].size());
            return i;
        }
        return fail(), 0;
    }
    bool space_padded() {  // asctime writes the day as " 6"
        if (!rest_.starts_with(' ')) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool good_and_empty() const { return good_ && rest_.empty(); }

  private:
    void fail() {
        good_ = false;
        rest_ = {};
    }

    std::string_view rest_;
    bool good_ = true;
};

struct Parts {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void read_time(Scanner& scan, Parts& parts) {
    parts.hour = scan.number(2);
    scan.literal(":");
    parts.minute = scan.number(2);
    scan.literal(":");
    parts.second = scan.number(2);
}

bool read_fixdate(std::string_view text, Parts& parts) {
    Scanner scan(text);
    scan.word(kDays);
    scan.literal(", ");
    parts.day = scan.number(2);
    scan.literal(" ");
    parts.month = static_cast<int>(scan.word(kMonths)) + 1;
    scan.literal(" ");
    parts.year = scan.number(4);
    scan.literal(" ");
    read_time(scan, parts);
    scan.literal(" GMT");
    return scan.good_and_empty();
}

bool read_rfc850(std::string_view text, Parts& parts) {
    Scanner scan(text);
    scan.word(kLongDays);
    scan.literal(", ");
    parts.day = scan.number(2);
    scan.literal("-");
    parts.month = static_cast<int>(scan.word(kMonths)) + 1;
    scan.literal("-");
    parts.year = scan.number(2);
    parts.year += parts.year < 70 ? 2000 : 1900;
    scan.literal(" ");
    read_time(scan, parts);
    scan.literal(" GMT");
    return scan.good_and_empty();
}

bool read_asctime(std::string_view text, Parts& parts) {
    Scanner scan(text);
    scan.word(kDays);
    scan.literal(" ");
    parts.month = static_cast<int>(scan.word(kMonths)) + 1;
    scan.literal(" ");
    parts.day = scan.number(scan.space_padded() ? 1 : 2);
    scan.literal(" ");
    read_time(scan, parts);
    scan.literal(" ");
    parts.year = scan.number(4);
    return scan.good_and_empty();
}

}  // namespace

std::optional<UnixSeconds> parse_http_date(std::string_view text) {
    namespace chrono = std::chrono;
    Parts parts;
    if (!read_fixdate(text, parts) && !read_rfc850(text, parts) && !read_asctime(text, parts))
        return std::nullopt;
    chrono::year_month_day date{chrono::year{parts.year}, chrono::month{static_cast<unsigned>(parts.month)},
                                chrono::day{static_cast<unsigned>(parts.day)}};
    // 60 is a leap second.
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
    auto time = chrono::sys_days{date} + chrono::hours(parts.hour) + chrono::minutes(parts.minute) +
                chrono::seconds(parts.second);
    return chrono::duration_cast<chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace seance::files
