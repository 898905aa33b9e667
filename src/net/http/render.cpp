#include "net/http/render.hpp"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

namespace seance::http {

std::string http_date(std::int64_t unix_seconds) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto time = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                       kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                       parts.tm_sec);
}

std::string_view date_line() {
    thread_local std::time_t rendered = -1;
    thread_local std::string line;
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != rendered) {
        rendered = now.tv_sec;
        line = "Date: " + http_date(rendered) + "\r\n";
    }
    return line;
}

void append_status_line(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

void append_fields(std::string& out, const Fields& fields) {
    for (const auto& [name, value] : fields.all()) append_field(out, name, value);
}

void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end);
}

void append_content_length(std::string& out, std::uint64_t length) {
    out += "Content-Length: ";
    append_number(out, length);
    out += "\r\n";
}

void append_chunk_size(std::string& out, std::uint64_t size) {
    char digits[16];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, size, 16);
    out.append(digits, end);
    out += "\r\n";
}

}  // namespace seance::http
