#include "services/signaling/replicas/leases.hpp"

namespace seance::signaling {

bool Leases::heard_of(Presence::Node node, Instant now) {
    heard_[node] = now;
    return !expired_.empty() && expired_.erase(node) > 0;
}

std::vector<Presence::Node> Leases::expire(Instant now) {
    std::vector<Presence::Node> lost;
    std::erase_if(heard_, [&](const auto& entry) {
        if (now - entry.second < lease_) return false;
        lost.push_back(entry.first);
        return true;
    });
    expired_.insert(lost.begin(), lost.end());
    return lost;
}

void Leases::clear() {
    heard_.clear();
    expired_.clear();
}

}  // namespace seance::signaling
