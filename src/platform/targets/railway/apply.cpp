#include "platform/targets/railway/apply.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/runtime/wait.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/wanted_records.hpp"
#include "platform/targets/railway/changes.hpp"
#include "platform/targets/railway/domain_wait.hpp"
#include "platform/targets/railway/foundations.hpp"
#include "platform/targets/railway/give_back.hpp"
#include "platform/targets/railway/lock.hpp"

namespace seance::railway {

namespace {

using plan::Change;
using plan::Event;
using plan::Kind;
using plan::Trouble;
using plan::trouble_of;

// Each phase needs one round; lost answers and a remote that is slow to show what was done need more.
constexpr int kMostRounds = 20;

Trouble refused(std::string what, std::string hint) {
    return {Trouble::Why::Refused, std::move(what), std::move(hint)};
}

class Applier {
  public:
    Applier(Session& session, plan::Wanted wanted, ApplyOptions options)
        : run_(session, std::move(wanted), std::move(options)) {}

    Awaitable<plan::Attempt<Applied>> run() {
        if (auto trouble = co_await find_foundations(run_)) co_return *trouble;
        DeployLock::Options lock_options;
        lock_options.owner = run_.options.owner;
        lock_options.commit = run_.wanted.commit;
        lock_options.settle = run_.options.lock_settle;
        auto lock = co_await take_lock(lock_options);
        if (!lock) {
            auto trouble = trouble_of(lock.error(), "taking the deploy lock");
            if (lock.error().kind == remote::FailureKind::User) trouble.why = Trouble::Why::Refused;
            co_return trouble;
        }
        lock_ = *lock;
        run_.session.lock = lock_;
        run_.keeper.of(run_.place.project, run_.place.environment);
        auto trouble = co_await work();
        // One that is not known to have ended is gone on with by the same command.
        if (!trouble || trouble->why != Trouble::Why::Unknown) co_await close_release();
        co_await lock_->release();
        if (trouble) co_return *trouble;
        co_return std::move(run_.applied);
    }

  private:
    Awaitable<MaybeTrouble> work() {
        if (auto trouble = co_await ensure_key(run_)) co_return trouble;
        for (int round = 0; round < kMostRounds; ++round) {
            auto seen = co_await read_live(run_.session, run_.wanted);
            if (!seen) co_return trouble_of(seen.error(), "reading what is live");
            run_.seen = std::move(*seen);
            if (round == 0) {
                run_.before = run_.seen;
                run_.keeper.look(run_.seen.state);
                if (run_.options.adapt) run_.options.adapt(run_.wanted, run_.seen.live);
            }
            auto plan = plan::diff(run_.wanted, run_.seen.live, run_.options.diff);
            if (!plan.conflicts.empty())
                co_return refused(fmt::format("{}", fmt::join(plan.conflicts, "\n")),
                                  "nothing more was changed");
            adopt_running(plan);
            if (plan.empty() && !run_.options.deploy) co_return std::nullopt;
            if (plan.empty()) {
                tell_records();
                co_return co_await finish();
            }
            const auto phase = phase_of(*std::min_element(
                plan.changes.begin(), plan.changes.end(),
                [](const Change& a, const Change& b) { return phase_of(a) < phase_of(b); }));
            if (phase == Phase::Deployments && !run_.options.deploy) co_return std::nullopt;
            if (phase == Phase::Deployments) tell_records();
            std::vector<std::string> ids;
            for (const auto& change : plan.changes)
                if (phase_of(change) == phase) ids.push_back(change.id());
            if (ids == last_ids_ && !run_.answer_lost)
                co_return Trouble{Trouble::Why::Failed,
                                  fmt::format("Railway took these changes but does not show them: {}",
                                              fmt::join(ids, ", ")),
                                  "run it again with -v; if it stays so, this is a fault of seance"};
            last_ids_ = ids;
            run_.answer_lost = false;
            run_.plan = std::move(plan);
            if (lock_->lost())
                co_return refused("somebody else took the deploy lock meanwhile",
                                  fmt::format("see who deploys with {} status; run again when they are done",
                                              run_.options.command));
            if (auto trouble = co_await open_release()) co_return trouble;
            if (phase == Phase::Deployments) {
                if (auto trouble = co_await roll_out()) co_return trouble;
            } else if (auto trouble = co_await make_changes(run_, phase)) {
                co_return trouble;
            }
        }
        co_return Trouble{Trouble::Why::Unknown, "answers were lost again and again",
                          "run the same command again"};
    }

    // Somebody else's is waited for if that is wanted; Ctrl-C ends it.
    Awaitable<Reply<std::shared_ptr<DeployLock>>> take_lock(DeployLock::Options lock_options) {
        const auto started = Clock::now();
        for (bool told = false;; told = true) {
            auto lock = co_await DeployLock::take(run_.session.api, run_.place.project,
                                                  run_.place.environment, lock_options);
            const bool held = !lock && lock.error().kind == remote::FailureKind::User;
            if (!held || Clock::now() - started >= run_.options.lock_patience) co_return lock;
            if (!told) run_.options.report({Event::Type::Warning, "lock", "waiting: " + lock.error().what});
            co_await sleep_for(run_.options.poll_interval);
        }
    }

    // From the first change on that leads to a deployment: its mark goes out with the variables.
    Awaitable<MaybeTrouble> open_release() {
        if (!run_.options.deploy || !run_.keeper.mark().empty() || run_.plan.deployments() == 0)
            co_return std::nullopt;
        int highest = 0;
        for (const auto& service : run_.seen.live.services)
            highest = std::max(
                highest,
                plan::ReleaseMark::parse(service.variable(std::string(plan::kReleaseVariable))).number);
        // Without a commit of its own it leaves what runs as it is, but for its variables.
        auto commit = run_.wanted.commit.empty() ? run_.seen.live.release().commit : run_.wanted.commit;
        auto opened = co_await run_.keeper.open(std::move(commit), run_.options.back_to, highest);
        if (!opened) co_return trouble_of(opened.error(), "numbering the release");
        co_return std::nullopt;
    }

    // A failure is made good by the next deployment, which looks before it replaces anything.
    Awaitable<void> close_release() {
        if (lock_->lost()) co_return;  // what somebody else writes by now is newer
        auto closed = co_await run_.keeper.close();
        if (!closed)
            run_.options.report({Event::Type::Warning, "release",
                                 "how the deployments ended was not written down: " + closed.error().what});
    }

    // Once: by the first deployment Railway has told what it wants to see.
    void tell_records() {
        if (!run_.options.tell_records || told_records_) return;
        const auto records =
            plan::records_by_hand(run_.wanted, run_.seen.live, run_.options.diff.only_service);
        if (records.empty()) return;
        told_records_ = true;
        run_.options.report(
            {Event::Type::Warning, "environment/dns",
             fmt::format(
                 "stack.yaml names no `dns`: write these records with whoever serves the DNS of {}; until "
                 "they stand Railway answers 404. The checks at the end wait a while for them, and "
                 "{} domains shows them again\n{}",
                 records.front().name, run_.options.command, plan::print_records(records))});
    }

    // One that an earlier run started with just this is watched, not started again.
    void adopt_running(const plan::Plan& plan) {
        running_.clear();
        for (const auto& service : run_.wanted.services) {
            if (!run_.options.diff.only_service.empty() && run_.options.diff.only_service != service.name)
                continue;
            const auto* live = run_.seen.live.service(service.name);
            if (live && live->deployment && live->deployment->in_progress &&
                !plan.find(service.name + "/deployment"))
                running_.push_back(service.name);
        }
    }

    Awaitable<MaybeTrouble> roll_out() {
        std::vector<Rollout::Item> items;
        for (const auto& change : run_.plan.changes) {
            if (change.kind != Kind::Deployment) continue;
            const auto& service = *run_.wanted.service(change.service);
            const auto* live = run_.seen.live.service(change.service);
            // What was configured without its bookkeeping by a run that ended in between.
            auto done = co_await run_.write_configuration(service, *live, run_.plan, run_.keeper.mark());
            if (!done) co_return trouble_of(done.error(), "configuring " + service.name);
            run_.touched.insert(service.name);
            items.push_back(run_.item_of(service, change.after));
        }
        for (const auto& name : running_) items.push_back(running_item(name));
        Rollout rollout{run_.session, run_.place.environment, run_.options};
        auto trouble = co_await rollout.run(std::move(items));
        if (run_.options.wait) run_.keeper.note(rollout);
        for (const auto& one : rollout.active()) run_.applied.deployments.push_back(one);
        for (const auto& change : run_.plan.changes)
            if (change.kind == Kind::Deployment) run_.applied.changes.push_back(change.id());
        if (trouble && trouble->why == Trouble::Why::Failed && run_.options.auto_rollback)
            co_return co_await give_back(run_, *trouble, rollout);
        if (!trouble && !run_.options.wait) done_ = true;
        co_return trouble;
    }

    Rollout::Item running_item(const std::string& name) const {
        auto item = run_.item_of(*run_.wanted.service(name), run_.seen.live.service(name)->image);
        item.running = item.before;
        return item;
    }

    Awaitable<MaybeTrouble> finish() {
        if (!running_.empty() && !done_) {
            std::vector<Rollout::Item> items;
            for (const auto& name : running_) items.push_back(running_item(name));
            Rollout rollout{run_.session, run_.place.environment, run_.options};
            if (run_.options.wait)
                if (auto trouble = co_await rollout.run(std::move(items))) co_return trouble;
            if (run_.options.wait) run_.keeper.note(rollout);
            for (const auto& one : rollout.active()) run_.applied.deployments.push_back(one);
        }
        if (run_.options.wait && run_.wanted.dns) co_return co_await wait_for_domains(run_);
        co_return std::nullopt;
    }

    ApplyRun run_;
    std::shared_ptr<DeployLock> lock_;
    std::vector<std::string> last_ids_;  // of the round before
    std::vector<std::string> running_;   // started by an earlier run, with just what is wanted
    bool done_ = false, told_records_ = false;
};

}  // namespace

Awaitable<plan::Attempt<Applied>> apply(Session& session, plan::Wanted wanted, ApplyOptions options) {
    Applier applier{session, std::move(wanted), std::move(options)};
    co_return co_await applier.run();
}

}  // namespace seance::railway
