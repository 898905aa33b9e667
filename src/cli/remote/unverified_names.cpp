#include "cli/remote/unverified_names.hpp"

#include <fmt/format.h>

#include "cli/remote/outline.hpp"
#include "cli/remote/run_on.hpp"

namespace seance::cli {

std::map<std::string, std::string> unverified_names(Reach& reach, const Manifest& manifest) {
    std::map<std::string, std::string> names;
    const auto wanted = outline(manifest, false);
    const auto seen = run_on(reach.loop(), railway::read_live(reach.session(), wanted));
    if (!seen || !*seen) return names;
    for (const auto& service : wanted.services) {
        const auto* live = (*seen)->live.service(service.name);
        if (!live) continue;
        for (const auto& domain : service.domains)
            for (const auto& one : live->domains)
                if (one.host == domain.host && !one.verified) names[service.name] = one.host;
    }
    return names;
}

bool blame_names(std::vector<CheckResult>& results, const std::map<std::string, std::string>& unverified,
                 const std::string& command) {
    bool all = true;
    for (auto& result : results) {
        if (result.good || result.skipped) continue;
        const auto found = unverified.find(result.service);
        if (found == unverified.end())
            all = false;
        else if (result.check == "health")
            result.detail += fmt::format(
                "; Railway has not verified {}: {} domains shows the DNS records "
                "that it waits for",
                found->second, command);
    }
    return all;
}

}  // namespace seance::cli
