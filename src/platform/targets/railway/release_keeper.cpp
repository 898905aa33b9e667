#include "platform/targets/railway/release_keeper.hpp"

#include "platform/plan/bookkeeping.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/rollout.hpp"

namespace seance::railway {

plan::ReleaseLog release_log_of(const Variables& shared) {
    const auto found = shared.find(std::string(plan::kReleasesVariable));
    return found == shared.end() ? plan::ReleaseLog{} : plan::ReleaseLog::parse(found->second.reveal());
}

void ReleaseKeeper::of(ProjectId project, EnvironmentId environment) {
    project_ = std::move(project);
    environment_ = std::move(environment);
}

void ReleaseKeeper::look(const EnvironmentState& state) {
    log_ = written_ = release_log_of(state.shared_variables);
    seen_ = true;
    for (const auto& service : state.services) {
        if (const auto* running = running_deployment(service)) log_.note(running->id.text(), true);
        if (service.latest && standing(*service.latest).outcome == DeploymentOutcome::Failed)
            log_.note(service.latest->id.text(), false);
    }
}

void ReleaseKeeper::note(const Rollout& rollout) {
    for (const auto& one : rollout.active()) log_.note(one.deployment, true);
    for (const auto& id : rollout.failed()) log_.note(id, false);
}

Awaitable<Reply<void>> ReleaseKeeper::open(std::string commit, int back_to, int highest) {
    const auto mark = log_.begin(commit, back_to, highest);
    auto done = co_await write();
    if (done) mark_ = mark.print();
    co_return done;
}

Awaitable<Reply<void>> ReleaseKeeper::close() {
    log_.end();
    co_return co_await write();
}

Awaitable<Reply<void>> ReleaseKeeper::write() {
    if (!seen_ || log_ == written_) co_return Reply<void>{};
    Variables variables;
    variables[std::string(plan::kReleasesVariable)] = SecretText(log_.print());
    auto done = co_await api_.upsert_shared_variables(project_, environment_, std::move(variables));
    if (done) written_ = log_;
    co_return done;
}

}  // namespace seance::railway
