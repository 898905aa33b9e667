#include "platform/targets/railway/lock.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "core/base/id.hpp"
#include "core/runtime/wait.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::railway {

namespace {

std::int64_t now_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

std::string LockHolder::print() const {
    return boost::json::serialize(boost::json::object{
        {"nonce", nonce}, {"owner", owner}, {"commit", commit}, {"since", since}, {"heartbeat", heartbeat}});
}

std::optional<LockHolder> LockHolder::parse(std::string_view text) {
    const auto value = remote::parse_json(text);
    if (!value) return std::nullopt;
    const remote::JsonView view(*value);
    LockHolder holder{view["nonce"].text_or(), view["owner"].text_or(), view["commit"].text_or(),
                      view["since"].integer().value_or(0), view["heartbeat"].integer().value_or(0)};
    if (holder.nonce.empty()) return std::nullopt;
    return holder;
}

bool LockHolder::is_stale(std::int64_t now) const {
    return now - heartbeat > std::chrono::duration_cast<std::chrono::seconds>(kStale).count();
}

DeployLock::DeployLock(Api& api, ProjectId project, EnvironmentId environment, Options options)
    : api_(api),
      project_(std::move(project)),
      environment_(std::move(environment)),
      options_(std::move(options)),
      timer_(api.graphql().loop().executor()),
      written_(api.graphql().loop().executor()) {
    own_.nonce = random_id();
    own_.owner = options_.owner;
    own_.commit = options_.commit;
    own_.since = own_.heartbeat = now_seconds();
}

Awaitable<Reply<void>> DeployLock::write(std::string text) {
    Variables variables;
    variables[std::string(plan::kLockVariable)] = SecretText(std::move(text));
    return api_.upsert_shared_variables(project_, environment_, std::move(variables));
}

Awaitable<Reply<std::optional<LockHolder>>> DeployLock::read() {
    auto shared = co_await api_.shared_variables(project_, environment_);
    if (!shared) co_return shared.error();
    std::optional<LockHolder> holder;
    if (const auto found = shared->find(std::string(plan::kLockVariable)); found != shared->end())
        holder = LockHolder::parse(found->second.reveal());
    co_return holder;
}

Awaitable<Reply<std::shared_ptr<DeployLock>>> DeployLock::take(Api& api, ProjectId project,
                                                               EnvironmentId environment, Options options) {
    auto lock =
        std::make_shared<DeployLock>(api, std::move(project), std::move(environment), std::move(options));
    const auto refused = [](const LockHolder& holder) {
        remote::Failure failure;
        failure.kind = remote::FailureKind::User;
        failure.what = fmt::format(
            "{} is deploying{}{} since {} s; wait for it, or if it is gone for good: its lock ends {} s "
            "after "
            "its last sign of life",
            holder.owner, holder.commit.empty() ? "" : " ", holder.commit, now_seconds() - holder.since,
            std::chrono::duration_cast<std::chrono::seconds>(kStale).count());
        return failure;
    };
    auto held = co_await lock->read();
    if (!held) co_return held.error();
    if (*held && !(*held)->is_stale(now_seconds())) co_return refused(**held);
    auto written = co_await lock->write(lock->own_.print());
    if (!written) {
        // It may have been written all the same: then nobody is to wait for it to grow stale.
        const auto failure = written.error();
        co_await lock->release();
        co_return failure;
    }
    co_await sleep_for(lock->options_.settle);
    auto winner = co_await lock->read();
    if (!winner) co_return winner.error();
    if (*winner && (*winner)->nonce != lock->own_.nonce) co_return refused(**winner);
    asio::co_spawn(lock->timer_.get_executor(), beat(lock), asio::detached);
    co_return lock;
}

Awaitable<void> DeployLock::beat(std::shared_ptr<DeployLock> self) {
    while (!self->released_) {
        self->timer_.expires_after(self->options_.heartbeat);
        auto [error] = co_await self->timer_.async_wait(kAwait);
        if (error || self->released_) co_return;
        // A remote that cannot be reached says nothing about the lock: the next beat finds out.
        auto held = co_await self->read();
        if (!held) continue;
        if (*held && (*held)->nonce != self->own_.nonce) {
            self->lost_ = true;
            co_return;
        }
        self->own_.heartbeat = now_seconds();
        if (self->released_) co_return;
        self->writing_ = true;
        co_await self->write(self->own_.print());
        self->writing_ = false;
        if (self->released_) self->written_.notify();
    }
}

Awaitable<void> DeployLock::release() {
    released_ = true;
    timer_.cancel();
    if (writing_) co_await written_.wait();  // else the heartbeat could come after what ends it
    if (lost_) co_return;
    // An empty value holds nothing; deleting a variable might deploy.
    co_await write("");
}

}  // namespace seance::railway
