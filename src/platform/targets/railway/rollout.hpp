#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/targets/railway/apply.hpp"

namespace seance::railway {

// Deployments of several services: started by their needs, watched to their end, compared with what was asked
// for.
class Rollout {
  public:
    Rollout(Session& session, EnvironmentId environment, const ApplyOptions& options)
        : session_(session), environment_(std::move(environment)), options_(options) {}

    struct Item {
        std::string service;
        ServiceId id;
        std::string image;               // that must run in the end; "": not compared
        std::vector<std::string> needs;  // those of this rollout come first
        int health_timeout_seconds = 300;
        DeploymentId before;   // the latest that was there
        DeploymentId running;  // under way already: watched, not started again
    };

    // The first trouble ends it, after the deployments that were started beside it have come to their ends.
    Awaitable<std::optional<plan::Trouble>> run(std::vector<Item> items);

    const std::vector<Deployed>& active() const { return active_; }
    // Ids of those that were seen to fail.
    const std::vector<std::string>& failed() const { return failed_; }
    // Of those that were started here and have become active.
    bool became_active(const std::string& service) const;

  private:
    struct Watched {
        const Item* item = nullptr;
        DeploymentId id;
        bool was_active = false, done = false;
        std::string told;  // the last progress line
        Instant started = Clock::now();
    };

    Awaitable<void> start(const Item& item, std::vector<Watched>& watched);
    Awaitable<plan::Attempt<DeploymentId>> start_one(const Item& item);
    Awaitable<void> watch(std::vector<Watched>& watched);
    Awaitable<void> settle(Watched& one, const DeploymentWithEvents& seen);
    Awaitable<void> tell_failure(Watched& one, const DeploymentWithEvents& seen);
    void end(Watched& one, bool ok, std::string text);
    void trouble(plan::Trouble found);

    Session& session_;
    EnvironmentId environment_;
    const ApplyOptions& options_;
    std::vector<Deployed> active_;
    std::vector<std::string> failed_;
    std::set<std::string> started_;
    std::optional<plan::Trouble> trouble_;
};

}  // namespace seance::railway
