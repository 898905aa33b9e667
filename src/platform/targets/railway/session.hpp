#pragma once
#include <optional>

#include "platform/dns/cloudflare.hpp"
#include "platform/plan/plan.hpp"
#include "platform/plan/progress.hpp"
#include "platform/spaces/bucket.hpp"
#include "platform/targets/railway/api.hpp"

namespace seance::railway {

class DeployLock;

// Everything through which one environment is seen and changed. On the loop of `api`; what is null is not
// looked at and not changed.
struct Session {
    Api& api;
    dns::Cloudflare* dns = nullptr;
    spaces::Bucket* bucket = nullptr;
    WorkspaceId workspace;           // where a new project goes
    std::weak_ptr<DeployLock> lock;  // while something is applied
};

// A project and an environment by their names; empty ids for what is not there. More than one project of the
// name is a Failure that names them.
struct Whereabouts {
    ProjectId project;
    EnvironmentId environment;
};
Awaitable<Reply<Whereabouts>> find_environment(Session& session, std::string project,
                                               std::string environment);

struct Seen {
    plan::Live live;
    EnvironmentState state;  // empty if the environment is not there
};

// What is live of what is wanted: Railway, zones and records, the bucket, all at once.
Awaitable<Reply<Seen>> read_live(Session& session, const plan::Wanted& wanted);

}  // namespace seance::railway
