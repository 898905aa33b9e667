#include "platform/plan/bookkeeping.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace seance::plan {

bool is_bookkeeping(std::string_view variable) {
    return variable == kCommitVariable || variable == kContentVariable || variable == kNamesVariable ||
           variable == kRevisionVariable || variable == kReleaseVariable;
}

std::string revision(const WantedService& service) {
    const auto& s = service.settings;
    std::string text = fmt::format(
        "image={}\nhealth={} "
        "{}\nreplicas={}\nregion={}\nrestart={}\noverlap={}\ndrain={}\nstart={}\ncpu={}\nmemory={}\n"
        "volume={}\n",
        service.image, s.health_path, s.health_timeout_seconds, s.replicas, s.region,
        static_cast<int>(s.restart), s.overlap_seconds, s.drain_seconds, s.start_command, s.cpu, s.memory_mb,
        service.volume);
    for (const auto& [name, value] : service.variables) {
        const auto& plain = value.text ? value.text->reveal() : std::string{};
        text += fmt::format("{}={}:{}\n", name, plain.size(), plain);
    }
    return sha256_hex(text).substr(0, 16);
}

Values with_bookkeeping(const WantedService& service, std::string_view release) {
    Values values = service.variables;
    std::vector<std::string> names;
    for (const auto& [name, value] : service.variables) names.push_back(name);
    const auto keep = [&](std::string_view name, std::string text) {
        values[std::string(name)] = {SecretText(std::move(text)), false};
    };
    // Together: what is said of another commit's image must not stay behind.
    if (!service.commit.empty()) {
        keep(kCommitVariable, service.commit);
        keep(kContentVariable, service.content.empty() ? std::string(kUnknownContent) : service.content);
    }
    keep(kNamesVariable, fmt::format("{}", fmt::join(names, ",")));
    keep(kRevisionVariable, revision(service));
    if (!release.empty()) keep(kReleaseVariable, std::string(release));
    return values;
}

std::vector<std::string> declared_names(std::string_view names_variable) {
    std::vector<std::string> names;
    for (auto name : split(names_variable, ','))
        if (!trim(name).empty()) names.emplace_back(trim(name));
    return names;
}

}  // namespace seance::plan
