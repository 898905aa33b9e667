#include "cli/terminal/style.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace seance::cli {

namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value && *value != '\0';
}

}  // namespace

Style Style::of(int fd) {
    auto style = colour_of(fd);
    winsize size{};
    if (::isatty(fd) != 0 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        style.set_width(size.ws_col);
    return style;
}

Style Style::colour_of(int fd) {
    if (is_set("NO_COLOR")) return Style{false};
    if (is_set("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0")
        return Style{true};
    const char* terminal = std::getenv("TERM");
    return Style{::isatty(fd) != 0 && terminal && std::string_view(terminal) != "dumb"};
}

std::string Style::paint(std::string_view code, std::string_view text) const {
    return colour_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::string Style::nth(std::size_t n, std::string_view text) const {
    static constexpr std::string_view kColours[] = {"36", "35", "34", "33", "32", "96"};
    return paint(kColours[n % std::size(kColours)], text);
}

}  // namespace seance::cli
