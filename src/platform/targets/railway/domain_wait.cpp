#include "platform/targets/railway/domain_wait.hpp"

#include <fmt/format.h>

#include <map>

#include "core/base/count.hpp"
#include "core/runtime/wait.hpp"

namespace seance::railway {

using plan::Event;
using plan::Trouble;

namespace {

// Host to what is missing.
std::map<std::string, std::string> open_domains(const ApplyRun& run) {
    std::map<std::string, std::string> open;
    for (const auto& service : run.wanted.services) {
        const auto& only = run.options.diff.only_service;
        if (!only.empty() && only != service.name) continue;
        const auto* live = run.seen.live.service(service.name);
        if (!live) continue;
        for (const auto& domain : live->domains)
            if (!domain.verified) open[domain.host] = domain.problem;
    }
    return open;
}

}  // namespace

Awaitable<MaybeTrouble> wait_for_domains(ApplyRun& run) {
    auto open = open_domains(run);
    if (open.empty()) co_return std::nullopt;
    const std::string id = "environment/domains";
    const auto started = run.begin(id, "wait until Railway has verified " + count(open.size(), "domain"));
    std::string told;
    while (!open.empty()) {
        if (Clock::now() - started > run.options.domain_patience) {
            run.options.report({Event::Type::StepEnd, id, "not verified yet", false, ms_since(started)});
            std::string what = "these domains are not verified yet:";
            for (const auto& [host, problem] : open) what += fmt::format("\n  {}: {}", host, problem);
            co_return Trouble{
                Trouble::Why::Failed, what,
                fmt::format("the services run; DNS may take longer: {} domains shows how it stands",
                            run.options.command)};
        }
        if (auto line = fmt::format("{} to go: {}", open.size(), open.begin()->first); line != told) {
            told = line;
            run.options.report({Event::Type::StepProgress, id, line});
        }
        co_await sleep_for(run.options.poll_interval);
        auto seen = co_await read_live(run.session, run.wanted);
        if (!seen) continue;
        run.seen = std::move(*seen);
        open = open_domains(run);
    }
    run.options.report({Event::Type::StepEnd, id, "verified", true, ms_since(started)});
    co_return std::nullopt;
}

}  // namespace seance::railway
