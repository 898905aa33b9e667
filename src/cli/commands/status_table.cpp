#include "cli/commands/status_table.hpp"

#include <fmt/format.h>

#include "cli/terminal/table.hpp"

namespace seance::cli {

std::string print_change(const Style& style, std::string_view name, std::string_view state,
                         std::string_view detail) {
    const bool bad = state == "failed" || state == "unhealthy" || state == "restarting";
    return fmt::format("{} {} {}{}{}",
                       state == "healthy" ? style.green("●")
                       : bad              ? style.red("●")
                                          : "○",
                       name, state, detail.empty() ? "" : ": ", detail);
}

std::string print_status(const local::StackView& view, const Style& style) {
    Table table({"SERVICE", "STATE", "UP", "RESTARTS", "DIRECT", "METRICS", "COMMIT", "URL"});
    for (const auto& s : view.services) {
        const bool well = s.state == "healthy";
        table.add(
            {s.name, (well ? "● " : "○ ") + s.state, s.pid == 0 ? "-" : local::print_uptime(s.uptime_seconds),
             std::to_string(s.restarts), s.direct_url, s.admin_port == 0 ? "-" : std::to_string(s.admin_port),
             s.commit.empty() ? "-" : s.commit, s.url.empty() ? "-" : s.url},
            1,
            well                                            ? &Style::green
            : s.state == "starting" || s.state == "waiting" ? &Style::yellow
                                                            : &Style::red);
    }
    auto out = table.print(style);
    for (const auto& s : view.services)
        if (!s.detail.empty()) out += fmt::format("{}: {}\n", s.name, s.detail);
    out += fmt::format("\n{}  {}\n", style.bold("dashboard"), view.dashboard_url);
    if (const auto advice = local::advice_on_change(view); !advice.empty())
        out += fmt::format("{} {}\n", style.yellow("!"), advice);
    return out;
}

}  // namespace seance::cli
