#pragma once
#include <string>

#include "platform/plan/release_log.hpp"
#include "platform/targets/railway/api.hpp"

namespace seance::railway {

class Rollout;

plan::ReleaseLog release_log_of(const Variables& shared);

// Numbers the release that is being made, and writes down what is seen of deployments while they run. With
// the deploy lock held.
class ReleaseKeeper {
  public:
    explicit ReleaseKeeper(Api& api) : api_(api) {}

    void of(ProjectId project, EnvironmentId environment);

    // What is about to be replaced: afterwards nobody can tell whether it was healthy.
    void look(const EnvironmentState& state);
    void note(const Rollout& rollout);

    Awaitable<Reply<void>> open(std::string commit, int back_to, int highest);
    Awaitable<Reply<void>> close();                    // also one that an earlier run had left open
    const std::string& mark() const { return mark_; }  // of its deployments; "" before it is open

  private:
    Awaitable<Reply<void>> write();

    Api& api_;
    ProjectId project_;
    EnvironmentId environment_;
    plan::ReleaseLog log_, written_;
    std::string mark_;
    bool seen_ = false;  // what is written replaces what is there
};

}  // namespace seance::railway
