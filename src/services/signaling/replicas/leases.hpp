#pragma once
#include <cstddef>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/base/duration.hpp"
#include "services/signaling/presence.hpp"

namespace seance::signaling {

// Which other nodes are heard of: one that has been silent for a lease is taken for dead until it is heard of
// again. Without I/O.
class Leases {
  public:
    explicit Leases(Duration lease) : lease_(lease) {}

    bool heard_of(Presence::Node node, Instant now);  // true: it had been taken for dead
    std::vector<Presence::Node> expire(Instant now);  // those that are taken for dead from now on
    void clear();

    std::size_t size() const { return heard_.size(); }

  private:
    const Duration lease_;
    std::unordered_map<Presence::Node, Instant> heard_;
    std::set<Presence::Node> expired_;  // each is a process that has ended, or may come back
};

}  // namespace seance::signaling
