#include "platform/targets/railway/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/elapsed.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/fold_log.hpp"

namespace seance::railway {

namespace {

using plan::Event;
using plan::Trouble;
using plan::trouble_of;

constexpr int kLogLines = 30;  // of a deployment that failed
// Looks that fail in a row before the outcome counts as unknown.
constexpr int kMostBlindLooks = 10;

std::string step_of(const std::string& service) {
    return service + "/deployment";
}

}  // namespace

void Rollout::trouble(Trouble found) {
    if (!trouble_) trouble_ = std::move(found);
}

bool Rollout::became_active(const std::string& service) const {
    return started_.contains(service) &&
           std::any_of(active_.begin(), active_.end(),
                       [&](const Deployed& one) { return one.service == service; });
}

Awaitable<std::optional<Trouble>> Rollout::run(std::vector<Item> items) {
    std::set<std::string> pending;
    for (const auto& item : items) pending.insert(item.service);
    while (!pending.empty() && !trouble_) {
        std::vector<const Item*> ready;
        for (const auto& item : items)
            if (pending.contains(item.service) &&
                std::none_of(item.needs.begin(), item.needs.end(),
                             [&](const std::string& need) { return pending.contains(need); }))
                ready.push_back(&item);
        std::vector<Watched> watched;
        watched.reserve(ready.size());
        {
            auto executor = co_await asio::this_coro::executor;
            TaskGroup tasks{executor};
            for (const auto* item : ready) tasks.spawn(start(*item, watched));
            co_await tasks.wait();
        }
        if (options_.wait)
            co_await watch(watched);
        else
            for (auto& one : watched) active_.push_back({one.item->service, one.id.text(), one.item->image});
        for (const auto* item : ready) pending.erase(item->service);
    }
    co_return trouble_;
}

Awaitable<void> Rollout::start(const Item& item, std::vector<Watched>& watched) {
    options_.report({Event::Type::StepStart, step_of(item.service), "deploy " + item.service});
    Watched one;
    one.item = &item;
    if (item.running.empty()) {
        auto id = co_await start_one(item);
        if (!id) {
            options_.report({Event::Type::StepEnd, step_of(item.service), id.error().what, false, 0});
            trouble(id.error());
            co_return;
        }
        one.id = *id;
        started_.insert(item.service);
    } else
        one.id = item.running;
    watched.push_back(std::move(one));
}

// A deployment has no key of the client's: when the answer is lost, whether there is a new one tells.
Awaitable<plan::Attempt<DeploymentId>> Rollout::start_one(const Item& item) {
    for (int attempt = 0;; ++attempt) {
        auto id = co_await session_.api.deploy(environment_, item.id);
        if (id) co_return *id;
        const auto failure = id.error();
        if (failure.kind != remote::FailureKind::Unreachable)
            co_return trouble_of(failure, "deploying " + item.service);
        auto latest = co_await session_.api.latest_deployments(environment_);
        if (!latest) co_return trouble_of(latest.error(), "deploying " + item.service);
        for (const auto& one : *latest)
            if (one.service == item.id && one.deployment && one.deployment->id != item.before)
                co_return one.deployment->id;
        if (attempt == 1) co_return trouble_of(failure, "deploying " + item.service);
    }
}

Awaitable<void> Rollout::watch(std::vector<Watched>& watched) {
    int blind = 0;
    std::optional<remote::Failure> last;
    while (std::any_of(watched.begin(), watched.end(), [](const Watched& one) { return !one.done; })) {
        co_await sleep_for(options_.poll_interval);
        std::vector<DeploymentId> ids;
        for (const auto& one : watched)
            if (!one.done) ids.push_back(one.id);
        auto seen = co_await session_.api.watch_deployments(ids);
        if (!seen) {
            last = seen.error();
            const bool may_pass = last->kind == remote::FailureKind::Unreachable ||
                                  last->kind == remote::FailureKind::RateLimited ||
                                  last->kind == remote::FailureKind::Api;
            if (may_pass && ++blind < kMostBlindLooks) continue;
            for (auto& one : watched)
                if (!one.done) end(one, false, "cannot tell how it went: " + last->what);
            auto found = trouble_of(*last, "watching deployments");
            if (may_pass) found.why = Trouble::Why::Unknown;
            trouble(std::move(found));
            co_return;
        }
        blind = 0;
        for (std::size_t i = 0, at = 0; i < watched.size(); ++i) {
            if (watched[i].done) continue;
            if (at >= seen->size()) break;
            co_await settle(watched[i], (*seen)[at++]);
        }
    }
}

Awaitable<void> Rollout::settle(Watched& one, const DeploymentWithEvents& seen) {
    const auto now = standing(seen.deployment, one.was_active);
    one.was_active = one.was_active || now.outcome == DeploymentOutcome::Succeeded;
    if (now.outcome == DeploymentOutcome::Held) {
        end(one, false, "waits for somebody's approval in the dashboard");
        Trouble held;
        held.what = fmt::format("the deployment of {} waits for somebody's approval", one.item->service);
        held.hint = "approve it in Railway's dashboard, then run the same command again";
        trouble(std::move(held));
        co_return;
    }
    if (!now.terminal) {
        if (auto line = progress(seen.deployment, seen.events); line != one.told) {
            one.told = line;
            options_.report({Event::Type::StepProgress, step_of(one.item->service), line});
        }
        const auto limit = std::chrono::seconds(one.item->health_timeout_seconds) + options_.patience;
        if (Clock::now() - one.started < limit) co_return;
        end(one, false,
            fmt::format("still {} after {} s", seen.deployment.status_text, ms_since(one.started) / 1000));
        Trouble unknown;
        unknown.why = Trouble::Why::Unknown;
        unknown.what =
            fmt::format("the deployment of {} is still {}", one.item->service, seen.deployment.status_text);
        unknown.hint = options_.command + " status shows how it goes on";
        trouble(std::move(unknown));
        co_return;
    }
    if (now.outcome != DeploymentOutcome::Succeeded) co_return co_await tell_failure(one, seen);
    // A deployment may be a success with the image of the one before.
    if (!one.item->image.empty() && check_image(seen.deployment, one.item->image) == ImageCheck::Different) {
        end(one, false, "it runs another image");
        failed_.push_back(one.id.text());
        Trouble stale;
        stale.what = fmt::format("the new deployment of {} says it runs {}, not {}", one.item->service,
                                 seen.deployment.image, one.item->image);
        stale.hint = "nothing proves that the new image runs; look at the service's source in the dashboard";
        trouble(std::move(stale));
        co_return;
    }
    end(one, true, "active");
    active_.push_back({one.item->service, one.id.text(), seen.deployment.image});
}

Awaitable<void> Rollout::tell_failure(Watched& one, const DeploymentWithEvents& seen) {
    if (standing(seen.deployment, one.was_active).outcome == DeploymentOutcome::Failed)
        failed_.push_back(one.id.text());
    LogQuery query;
    query.limit = kLogLines;
    auto logs = co_await session_.api.deployment_logs(one.id, query);
    auto build = co_await session_.api.build_logs(one.id, query);
    const bool silent = logs && logs->empty(), unbuilt = build && build->empty();
    std::vector<std::string> lines;
    if (logs)
        for (const auto& line : *logs) lines.push_back(line.message);
    for (auto& line : fold_log(lines))
        options_.report({Event::Type::Log, one.item->service, std::move(line)});
    const auto sentence = failure_sentence(seen.deployment, seen.events, unbuilt, silent);
    end(one, false, sentence);
    Trouble failed;
    failed.what = fmt::format("{}: {}", one.item->service, sentence);
    failed.hint = fmt::format("{} logs --service {} --deployment {}", options_.command, one.item->service,
                              one.id.text());
    trouble(std::move(failed));
}

void Rollout::end(Watched& one, bool ok, std::string text) {
    one.done = true;
    options_.report(
        {Event::Type::StepEnd, step_of(one.item->service), std::move(text), ok, ms_since(one.started)});
}

}  // namespace seance::railway
