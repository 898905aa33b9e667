#include "cli/log_printer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace seance::cli {

std::string level_mark(const Style& style, const std::string& level) {
    if (level == "error" || level == "fatal" || level == "critical") return style.red(level) + " ";
    return level.starts_with("warn") ? style.yellow(level) + " " : "";
}

LogPrinter::LogPrinter(const Context& context, std::vector<std::string> services)
    : context_(context), services_(std::move(services)) {
    for (const auto& service : services_) width_ = std::max(width_, service.size());
}

std::string LogPrinter::line(const std::string& time, const std::string& service, const std::string& text,
                             const std::string& level) const {
    const auto& style = context_.result_style();
    const auto place =
        static_cast<std::size_t>(std::find(services_.begin(), services_.end(), service) - services_.begin());
    return fmt::format("{} {} {}{}\n", style.dim(time),
                       style.nth(place, fmt::format("{:<{}}", service, width_)), level_mark(style, level),
                       text);
}

}  // namespace seance::cli
