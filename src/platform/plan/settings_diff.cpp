#include "platform/plan/settings_diff.hpp"

#include <fmt/format.h>

#include <cmath>

namespace seance::plan {

namespace {

std::string_view spelling(stack::Restart restart) {
    switch (restart) {
        case stack::Restart::Always:
            return "always";
        case stack::Restart::OnFailure:
            return "on failure";
        case stack::Restart::Never:
            return "never";
    }
    return "";
}

// What Railway does with a service that nobody has configured.
Settings platform_defaults() {
    Settings defaults;
    defaults.overlap_seconds = defaults.drain_seconds = 0;
    return defaults;
}

std::string or_none(const std::string& text) {
    return text.empty() ? "none" : text;
}

}  // namespace

std::vector<Change> settings_diff(const WantedService& wanted, const Settings* live) {
    std::vector<Change> changes;
    const auto defaults = platform_defaults();
    const auto& w = wanted.settings;
    const auto& l = live ? *live : defaults;
    const auto differs = [&](std::string item, std::string before, std::string after) {
        changes.push_back({live ? Action::Update : Action::Create, Kind::Setting, wanted.name,
                           std::move(item), std::move(before), std::move(after), Impact::None, ""});
    };
    if (w.health_path != l.health_path)
        differs("health path", or_none(l.health_path), or_none(w.health_path));
    if (!w.health_path.empty() && w.health_timeout_seconds != l.health_timeout_seconds)
        differs("health timeout", fmt::format("{} s", l.health_timeout_seconds),
                fmt::format("{} s", w.health_timeout_seconds));
    if (w.replicas != l.replicas) differs("replicas", std::to_string(l.replicas), std::to_string(w.replicas));
    if (!w.region.empty() && w.region != l.region) differs("region", or_none(l.region), w.region);
    if (w.restart != l.restart)
        differs("restart", std::string(spelling(l.restart)), std::string(spelling(w.restart)));
    if (w.overlap_seconds != l.overlap_seconds)
        differs("overlap", fmt::format("{} s", l.overlap_seconds), fmt::format("{} s", w.overlap_seconds));
    if (w.drain_seconds != l.drain_seconds)
        differs("drain", fmt::format("{} s", l.drain_seconds), fmt::format("{} s", w.drain_seconds));
    if (w.start_command != l.start_command)
        differs("start command", or_none(l.start_command), or_none(w.start_command));
    if (w.cpu > 0 && std::abs(w.cpu - l.cpu) > 1e-9)
        differs("cpu", l.cpu > 0 ? fmt::format("{} vCPU", l.cpu) : "the plan's",
                fmt::format("{} vCPU", w.cpu));
    if (w.memory_mb > 0 && w.memory_mb != l.memory_mb)
        differs("memory", l.memory_mb > 0 ? fmt::format("{} MB", l.memory_mb) : "the plan's",
                fmt::format("{} MB", w.memory_mb));
    return changes;
}

}  // namespace seance::plan
