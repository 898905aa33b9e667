#include "services/signaling/replicas/leases.hpp"

#include <algorithm>

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
    for (auto node : lost) expired_.emplace(node, now);
    lately_expired_ =
        static_cast<std::size_t>(std::count_if(expired_.begin(), expired_.end(), [&](const auto& entry) {
            return now - entry.second < kLongSilence * lease_;
        }));
    return lost;
}

void Leases::clear() {
    heard_.clear();
    expired_.clear();
    lately_expired_ = 0;
}

}  // namespace seance::signaling
