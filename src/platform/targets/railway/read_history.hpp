#pragma once
#include "platform/plan/release_log.hpp"
#include "platform/releases/history.hpp"
#include "platform/targets/railway/live_state.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::railway {

// What Railway remembers of the newest deployments of an environment, at most kMostPast.
inline constexpr std::size_t kMostPast = 200;
Awaitable<Reply<std::vector<releases::PastDeployment>>> read_past(Session& session, ProjectId project,
                                                                  EnvironmentId environment);

// One deployment as history takes it. `events`: of one that is gone, to tell when it had become active;
// `log`: whether it was good, which Railway does not tell of one that is gone.
releases::PastDeployment past_of(const Deployment& deployment, const std::string& service,
                                 const std::map<std::string, std::string>& bookkeeping,
                                 const std::vector<DeploymentEvent>& events, const plan::ReleaseLog& log);

}  // namespace seance::railway
