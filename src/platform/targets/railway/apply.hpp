#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/plan/trouble.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::railway {

struct ApplyOptions {
    plan::DiffOptions diff;
    plan::Report report = [](const plan::Event&) {};
    std::string owner;                            // for the lock: "ada@laptop, process 4711"
    std::string command = "seance";               // what hints begin with: "seance -e production"
    Duration lock_patience{0};                    // with somebody else's deploy lock
    std::optional<RegistryLogin> registry_login;  // sent along with an image that is not public
    bool auto_rollback = true;  // a deployment that fails brings the previous state of its services back
    int back_to = 0;            // number of the release that is brought back; 0: it goes forward
    bool deploy = true;         // false: configure alone; what runs goes on as it is
    bool wait = true;           // false: start deployments and leave
    // DNS is not ours to write: say which records a person has to, before the deployments begin.
    bool tell_records = false;
    // Called once, with the lock held, before anything is changed: for what is wanted in terms of what is
    // live, and must not bring back what somebody else has changed since it was looked at.
    std::function<void(plan::Wanted&, const plan::Live&)> adapt;
    Duration poll_interval = std::chrono::seconds(5);  // between two looks at deployments and domains
    Duration lock_settle = std::chrono::milliseconds(300);
    Duration patience = std::chrono::minutes(5);          // with a deployment, beyond its health timeout
    Duration domain_patience = std::chrono::minutes(10);  // with DNS and certificates
};

struct Deployed {
    std::string service, deployment, image;
};

struct Applied {
    std::vector<std::string> changes;  // ids of those made
    std::vector<Deployed>
        deployments;  // in the order in which they became active (or, without waiting, started)
};

// Carries out what diff() finds, in an order that is right whatever is there already: foundations, services
// and volumes, configuration and domains, DNS, deployments by their needs. Between phases it looks again, so
// that a run that was killed, or whose answers were lost, is completed by the next one and nothing is made
// twice.
Awaitable<plan::Attempt<Applied>> apply(Session& session, plan::Wanted wanted, ApplyOptions options);

}  // namespace seance::railway
