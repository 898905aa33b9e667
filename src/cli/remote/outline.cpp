#include "cli/remote/outline.hpp"

#include <fmt/format.h>

#include "cli/remote/run_on.hpp"

namespace seance::cli {

plan::Wanted outline(const Manifest& manifest, bool dns) {
    const auto& environment = manifest.environment;
    plan::Wanted made;
    made.project = environment.railway.project.empty() ? manifest.stack.project : environment.railway.project;
    made.environment = environment.name;
    made.workspace = environment.railway.workspace;
    made.dns = dns && environment.dns == stack::DnsKind::Cloudflare;
    for (const auto index : stack::start_order(manifest.stack)) {
        const auto& service = manifest.stack.services[index];
        plan::WantedService one;
        one.name = service.name;
        one.needs = service.needs;
        if (!service.subdomain.empty())
            one.domains.push_back({stack::public_host(service.subdomain, environment), service.port});
        made.services.push_back(std::move(one));
    }
    return made;
}

std::optional<railway::Seen> look(Context& context, Reach& reach, const plan::Wanted& outline) {
    auto seen = run_on(reach.loop(), railway::read_live(reach.session(), outline));
    if (!seen) {
        context.exit_code = kInterrupted;
        return std::nullopt;
    }
    if (!*seen) {
        context.exit_code = fail(context, plan::trouble_of(seen->error(), "reading what is live"));
        return std::nullopt;
    }
    if ((*seen)->live.environment_id.empty()) {
        context.exit_code = context.fail(kNotThere, "NOT_DEPLOYED",
                                         fmt::format("there is no environment {} of {} on Railway yet",
                                                     outline.environment, outline.project),
                                         fmt::format("seance -e {} deploy", outline.environment));
        return std::nullopt;
    }
    return std::move(**seen);
}

bool same_commit(std::string_view a, std::string_view b) {
    constexpr std::size_t kDigits = 7;
    return !a.empty() && a.substr(0, kDigits) == b.substr(0, kDigits);
}

}  // namespace seance::cli
