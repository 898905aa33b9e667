#pragma once
#include <optional>
#include <set>
#include <string>

#include "core/base/elapsed.hpp"
#include "platform/targets/railway/apply.hpp"
#include "platform/targets/railway/release_keeper.hpp"
#include "platform/targets/railway/rollout.hpp"

namespace seance::railway {

using MaybeTrouble = std::optional<plan::Trouble>;

// What the parts of one apply() share: what is wanted, what was seen, what was done. They are functions of
// it, a file each: foundations, changes, give_back, domain_wait.
struct ApplyRun {
    ApplyRun(Session& given_session, plan::Wanted given_wanted, ApplyOptions given_options)
        : session(given_session),
          wanted(std::move(given_wanted)),
          options(std::move(given_options)),
          keeper(session.api) {}

    Session& session;
    plan::Wanted wanted;
    const ApplyOptions options;
    Place place;  // without a service
    ReleaseKeeper keeper;
    Seen before, seen;  // at the start, and last
    plan::Plan plan;    // of this round
    std::set<std::string> touched;
    bool answer_lost = false;  // of this round: whether it happened shows in the next
    Applied applied;

    Place place_of(const std::string& service) const;
    // How `service`, which is live, is deployed as `image`.
    Rollout::Item item_of(const plan::WantedService& service, const std::string& image) const;

    Instant begin(std::string id, std::string text) const;
    Reply<void> ended(const std::string& id, Instant started, const Reply<void>& reply) const;

    // Image, settings, limits and variables of one service, without a deployment. `release`: the mark of one
    // that follows; "" where none does.
    Awaitable<Reply<void>> write_configuration(const plan::WantedService& service,
                                               const plan::LiveService& live, const plan::Plan& changes,
                                               std::string release);
};

}  // namespace seance::railway
