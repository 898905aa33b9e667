#include "cli/remote/environment.hpp"

#include <fmt/format.h>

namespace seance::cli {

namespace {

std::string project_of(const Manifest& manifest) {
    const auto& named = manifest.environment.railway.project;
    return named.empty() ? manifest.stack.project : named;
}

}  // namespace

std::optional<RemoteEnvironment> find_remote(Context& context, const Manifest& manifest, bool needs_dns) {
    RemoteEnvironment found;
    found.reach = Reach::open(context, manifest, std::nullopt, needs_dns);
    if (!found.reach) return std::nullopt;
    const auto project = project_of(manifest);
    auto place = ask(context, *found.reach,
                     railway::find_environment(found.reach->session(), project, manifest.environment.name),
                     "looking for the project");
    if (!place) return std::nullopt;
    found.place = std::move(*place);
    if (!found.place.environment.empty()) return found;
    context.exit_code = context.fail(
        kNotThere, "NOT_DEPLOYED",
        found.place.project.empty()
            ? fmt::format("Railway has no project {} that this token reaches", project)
            : fmt::format("project {} has no environment {}", project, manifest.environment.name),
        fmt::format("seance -e {} deploy makes it", manifest.environment.name));
    return std::nullopt;
}

plan::Wanted outline(const Manifest& manifest) {
    plan::Wanted wanted;
    wanted.project = project_of(manifest);
    wanted.environment = manifest.environment.name;
    wanted.workspace = manifest.environment.railway.workspace;
    wanted.dns = manifest.environment.dns != stack::DnsKind::None;
    for (const auto& service : manifest.stack.services) {
        plan::WantedService one;
        one.name = service.name;
        if (!service.subdomain.empty())
            one.domains.push_back(
                {stack::public_host(service.subdomain, manifest.environment), service.port});
        wanted.services.push_back(std::move(one));
    }
    return wanted;
}

bool tell(Context& context, Reach& reach, Awaitable<remote::Reply<void>> work, std::string_view doing) {
    auto reply = run_on(reach.loop(), std::move(work));
    if (reply && *reply) return true;
    context.exit_code = reply ? fail(context, plan::trouble_of(reply->error(), doing)) : int(kInterrupted);
    return false;
}

}  // namespace seance::cli
