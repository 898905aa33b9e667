#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/checks.hpp"
#include "cli/terminal/style.hpp"
#include "platform/plan/wanted.hpp"
#include "platform/targets/railway/lock.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::cli {

// A service out in the world: what Railway says, beside what answers under its public name.
struct RemoteService {
    std::string name;
    std::string state;               // active, sleeping, deploying, crashed, failed, stopped, not deployed
    std::string detail;              // what a person should know; "" when all is well
    std::string url;                 // "" is not public
    std::string deployed, answered;  // commits: of the image that runs, and of the answer
    std::string image, deployment, volume;
    std::optional<bool> healthy;  // nothing: nobody outside can ask
    std::string health;           // what was seen
    double health_ms = 0;
    int replicas = 1;
    std::optional<double> age_seconds;  // of the deployment that runs
    std::vector<plan::LiveDomain> domains;

    bool well() const { return detail.empty() && (state == "active" || state == "sleeping"); }
};

struct RemoteStatus {
    std::string project, environment, commit;  // of the newest deployment of ours
    std::optional<railway::LockHolder> deploying;
    bool lock_is_stale = false;
    std::vector<RemoteService> services;

    bool ready() const;
};

// `health`: by service, of those that are public; `now`: seconds since 1970.
RemoteStatus remote_status(const plan::Wanted& outline, const railway::Seen& seen,
                           const std::map<std::string, CheckResult>& health, std::int64_t now);

std::string to_json(const RemoteStatus& status);  // seance.status/1, one line
std::string print_status(const RemoteStatus& status, const Style& style);

}  // namespace seance::cli
