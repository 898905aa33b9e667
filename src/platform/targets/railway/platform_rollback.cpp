#include "platform/targets/railway/platform_rollback.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/wait.hpp"
#include "platform/targets/railway/lock.hpp"
#include "platform/targets/railway/release_keeper.hpp"
#include "platform/targets/railway/rollout.hpp"

namespace seance::railway {

namespace {

using plan::Event;
using plan::Trouble;
using plan::trouble_of;
using MaybeTrouble = std::optional<Trouble>;

// Railway answers before the new deployment is listed.
constexpr int kMostLooks = 25;

class PlatformRollback {
  public:
    PlatformRollback(Session& session, Whereabouts where, Return back, ApplyOptions options)
        : session_(session),
          where_(std::move(where)),
          back_(std::move(back)),
          options_(std::move(options)),
          rollout_(session_, where_.environment, options_),
          keeper_(session_.api) {}

    Awaitable<plan::Attempt<Applied>> run() {
        DeployLock::Options lock_options;
        lock_options.owner = options_.owner;
        lock_options.commit = back_.commit;
        lock_options.settle = options_.lock_settle;
        auto lock = co_await DeployLock::take(session_.api, where_.project, where_.environment, lock_options);
        if (!lock) {
            auto trouble = trouble_of(lock.error(), "taking the deploy lock");
            if (lock.error().kind == remote::FailureKind::User) trouble.why = Trouble::Why::Refused;
            co_return trouble;
        }
        session_.lock = *lock;
        keeper_.of(where_.project, where_.environment);
        auto trouble = co_await work();
        keeper_.note(rollout_);
        auto written = co_await keeper_.close();
        if (!written)
            options_.report({Event::Type::Warning, "release",
                             "how the deployments ended was not written down: " + written.error().what});
        co_await (*lock)->release();
        if (trouble) co_return *trouble;
        Applied applied;
        applied.deployments = rollout_.active();
        for (const auto& [service, then] : back_.state) applied.changes.push_back(service + "/deployment");
        co_return applied;
    }

  private:
    Awaitable<MaybeTrouble> work() {
        auto now = co_await session_.api.read_environment(where_.project, where_.environment);
        if (!now) co_return trouble_of(now.error(), "reading deployments");
        keeper_.look(*now);
        std::vector<Rollout::Item> items;
        for (const auto& [service, then] : back_.state) {
            const auto found =
                std::find_if(now->services.begin(), now->services.end(),
                             [&, &name = service](const auto& one) { return one.name == name; });
            if (found == now->services.end()) continue;
            Rollout::Item item;
            item.service = service;
            item.id = found->service;
            item.image = then.image;
            if (found->latest) item.before = found->latest->id;
            auto started = co_await start(item, DeploymentId(then.deployment));
            if (!started) co_return started.error();
            item.running = *started;
            // Else the next deployment of this service would run the newer image again.
            ServiceChanges configured;
            configured.image = then.image;
            auto done =
                co_await session_.api.update_service_instance(where_.environment, item.id, configured);
            if (!done) co_return trouble_of(done.error(), "configuring " + service);
            items.push_back(std::move(item));
        }
        co_return co_await rollout_.run(std::move(items));
    }

    // An answer that is lost leaves open whether it was begun: a new deployment tells.
    Awaitable<plan::Attempt<DeploymentId>> start(const Rollout::Item& item, DeploymentId to) {
        const auto doing = "rolling back " + item.service;
        auto asked = co_await session_.api.rollback(to);
        if (!asked && asked.error().kind != remote::FailureKind::Unreachable)
            co_return trouble_of(asked.error(), doing);
        for (int look = 0; look < kMostLooks; ++look) {
            auto latest = co_await session_.api.latest_deployments(where_.environment);
            if (latest)
                for (const auto& one : *latest)
                    if (one.service == item.id && one.deployment && one.deployment->id != item.before)
                        co_return one.deployment->id;
            co_await sleep_for(options_.poll_interval / 5);
        }
        if (!asked) co_return trouble_of(asked.error(), doing);
        co_return Trouble{
            Trouble::Why::Unknown,
            fmt::format("Railway took the rollback of {}, but shows no new deployment of it", item.service),
            options_.command + " status shows how it goes on"};
    }

    Session& session_;
    Whereabouts where_;
    Return back_;
    ApplyOptions options_;
    Rollout rollout_;
    ReleaseKeeper keeper_;
};

}  // namespace

Awaitable<plan::Attempt<Applied>> platform_rollback(Session& session, Whereabouts where, Return back,
                                                    ApplyOptions options) {
    PlatformRollback rollback{session, std::move(where), std::move(back), std::move(options)};
    co_return co_await rollback.run();
}

}  // namespace seance::railway
