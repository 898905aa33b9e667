#pragma once
#include <cstddef>
#include <map>
#include <optional>
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
    // The one node that is heard of, if no other has been for so many leases: one that is slow is no less
    // there.
    static constexpr int kLongSilence = 10;
    std::optional<Presence::Node> only() const {
        return heard_.size() == 1 && lately_expired_ == 0 ? std::optional(heard_.begin()->first)
                                                          : std::nullopt;
    }

  private:
    const Duration lease_;
    std::unordered_map<Presence::Node, Instant> heard_;
    std::map<Presence::Node, Instant> expired_;  // each is a process that has ended, or may come back
    std::size_t lately_expired_ = 0;             // of those, at the last expire()
};

}  // namespace seance::signaling
