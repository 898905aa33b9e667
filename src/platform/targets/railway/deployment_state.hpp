#pragma once
#include <span>
#include <string>
#include <string_view>

#include "platform/targets/railway/model.hpp"

namespace seance::railway {

DeploymentStatus parse_status(std::string_view text);
std::string_view spelling(DeploymentStatus status);  // "SUCCESS"; "" for Unknown

enum class Phase { NotStarted, HeldForApproval, Building, Starting, Active, Ended, Unknown };
enum class DeploymentOutcome {
    InProgress,
    Held,       // a person has to approve it: stop waiting
    Succeeded,  // active; compare its image before believing it
    Failed,
    Superseded,  // removed or replaced before it was active
    CannotTell,  // a status this program does not know
};

struct Standing {
    Phase phase = Phase::Unknown;
    bool terminal = false;
    DeploymentOutcome outcome = DeploymentOutcome::CannotTell;
};

// `was_active`: this deployment had been seen as Success or Sleeping before.
Standing standing(const Deployment& deployment, bool was_active = false);

// The newest that serves; null if none does.
const Deployment* running_deployment(const ServiceInstance& instance);

// Why a deployment failed, as a sentence.
// `build_logs_empty`, `deploy_logs_empty`: with a failure within kRefusedWithin of its start they tell that
// no container ever existed: wrong image name, no right to pull, or a limit of the plan.
inline constexpr Duration kRefusedWithin = std::chrono::seconds(30);
bool was_refused_before_start(const Deployment& deployment, std::span<const DeploymentEvent> events,
                              bool build_logs_empty, bool deploy_logs_empty);
std::string failure_sentence(const Deployment& deployment, std::span<const DeploymentEvent> events,
                             bool build_logs_empty, bool deploy_logs_empty);

// One short line: "health check 3 of 10: got 503", "starting the container".
std::string progress(const Deployment& deployment, std::span<const DeploymentEvent> events);

enum class ImageCheck { Same, Different, CannotTell };
// Whether the deployment went out with this image reference (name:tag, name@digest or both).
ImageCheck check_image(const Deployment& deployment, std::string_view wanted);

}  // namespace seance::railway
