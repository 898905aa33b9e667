#include "cli/remote/verify.hpp"

#include <fmt/format.h>

#include "cli/remote/name_checks.hpp"
#include "cli/remote/outside_checks.hpp"
#include "cli/remote/run_on.hpp"
#include "core/base/count.hpp"
#include "platform/plan/bookkeeping.hpp"

namespace seance::cli {

namespace {

CheckResult trouble_with(const plan::Wanted& wanted, std::string what) {
    CheckResult result;
    result.service = wanted.environment;
    result.check = "railway";
    result.detail = std::move(what);
    return result;
}

}  // namespace

std::unique_ptr<RemoteVerify> RemoteVerify::open(Context& context, const Manifest& manifest) {
    auto secrets = read_secrets(context, manifest, Need::Names);
    if (!secrets) return nullptr;
    const auto environment = process_environment();
    const auto token = environment.find("CLOUDFLARE_API_TOKEN");
    const bool has_token = token != environment.end() && !token->second.empty();
    auto reach = Reach::open(context, manifest, std::nullopt, has_token);
    if (!reach) return nullptr;
    std::unique_ptr<RemoteVerify> made(new RemoteVerify(manifest, std::move(*secrets), std::move(reach)));
    if (manifest.environment.dns != stack::DnsKind::Cloudflare)
        made->no_records_because_ = "the environment's records are not seance's";
    else if (!has_token)
        made->no_records_because_ = "there is no CLOUDFLARE_API_TOKEN to read records with";
    return made;
}

std::vector<CheckResult> RemoteVerify::run() {
    const auto wanted = outline(manifest_, no_records_because_.empty());
    std::vector<CheckResult> results;
    auto seen = run_on(reach_->loop(), railway::read_live(reach_->session(), wanted));
    if (!seen || !*seen)
        results.push_back(trouble_with(wanted, seen ? seen->error().what : "interrupted"));
    else if ((*seen)->live.environment_id.empty())
        results.push_back(trouble_with(
            wanted,
            fmt::format("nothing is deployed there yet; seance -e {} deploy makes it", wanted.environment)));
    else {
        seen_ = std::move(**seen);
        auto well = trouble_with(wanted, count(seen_->state.services.size(), "service"));
        well.good = true;
        results.push_back(std::move(well));
    }
    OutsideOptions options;
    options.certificates = true;
    options.locked_because = secrets_.locked_because;
    for (const auto& service : manifest_.stack.services)
        if (const auto* live = seen_ ? seen_->live.service(service.name) : nullptr;
            live && service.prints_commit)
            options.commits[service.name] = live->variable(std::string(plan::kCommitVariable));
    const auto checked = check_outside(*reach_, manifest_, secrets_, options);
    results.insert(results.end(), checked.begin(), checked.end());
    if (manifest_.environment.dns == stack::DnsKind::Cloudflare)
        for (auto& one : check_proxied(checked)) results.push_back(std::move(one));
    if (seen_)
        for (auto& one : check_names(wanted, seen_->live, no_records_because_))
            results.push_back(std::move(one));
    return results;
}

}  // namespace seance::cli
