#include "platform/targets/railway/give_back.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/plan/bookkeeping.hpp"
#include "platform/targets/railway/configure.hpp"

namespace seance::railway {

namespace {

using plan::Action;
using plan::Kind;

// Takes away the variables that were not there; what there was, its service is wanted with.
plan::Plan without_new_variables(const plan::LiveService& old, const plan::LiveService& now) {
    plan::Plan plan;
    for (const auto& [variable, value] : now.variables)
        if (!old.variables.contains(variable) && !plan::is_bookkeeping(variable))
            plan.changes.push_back({Action::Delete, Kind::Variable, now.name, variable, "", "", {}, ""});
    return plan;
}

}  // namespace

Awaitable<plan::Trouble> give_back(ApplyRun& run, plan::Trouble trouble, const Rollout& failed) {
    std::vector<Rollout::Item> again;
    std::vector<std::string> returned;
    auto now = co_await read_live(run.session, run.wanted);
    if (!now) {
        trouble.hint = "it was not brought back: " + now.error().what;
        co_return trouble;
    }
    run.seen = std::move(*now);
    // Part of the release that failed; what runs in the end is what ran before.
    auto given_back = plan::ReleaseMark::parse(run.keeper.mark());
    given_back.commit = run.before.live.release().commit;
    for (const auto& name : run.touched) {
        const auto* old = run.before.live.service(name);
        const auto* live = run.seen.live.service(name);
        if (!old || !live || !old->deployment || !old->deployment->active || old->image.empty()) continue;
        // The old deployment of a service whose new one failed has never stopped, unless it has a volume.
        const bool runs_new = failed.became_active(name) || !old->volume.empty();
        const bool is_again = runs_new && live->deployment && live->deployment->id != old->deployment->id;
        const auto mark = is_again ? given_back.print() : old->variable(std::string(plan::kReleaseVariable));
        const auto id = name + "/return";
        const auto started = run.begin(
            id, fmt::format("bring {} back to {}", name, old->image.substr(0, old->image.find('@'))));
        const auto wanted = as_wanted(*old);
        const auto changes = without_new_variables(*old, *live);
        auto done = co_await run.write_configuration(wanted, *live, changes, mark);
        if (!run.ended(id, started, done)) {
            trouble.hint = fmt::format("{} could not be brought back: {}", name, done.error().what);
            co_return trouble;
        }
        returned.push_back(name);
        if (is_again) again.push_back(run.item_of(*run.wanted.service(name), old->image));
    }
    if (returned.empty()) co_return trouble;
    Rollout rollout{run.session, run.place.environment, run.options};
    auto second = co_await rollout.run(std::move(again));
    if (run.options.wait) run.keeper.note(rollout);
    trouble.hint = second ? fmt::format("bringing the previous release back failed too: {}", second->what)
                          : fmt::format("brought back to what ran before: {}. {}", fmt::join(returned, ", "),
                                        trouble.hint);
    co_return trouble;
}

}  // namespace seance::railway
