#include "services/signaling/presence.hpp"

#include <algorithm>

namespace seance::signaling {

void Shares::set(Node node, std::uint32_t members) {
    auto share = std::find_if(all_.begin(), all_.end(), [&](auto& s) { return s.node == node; });
    if (share == all_.end()) {
        if (members == 0) return;
        share = all_.insert(all_.end(), {node, 0});
    }
    members_ = members_ - share->members + members;
    share->members = members;
    if (members == 0) all_.erase(share);
}

void Presence::set(std::string_view topic, Node node, std::uint32_t members) {
    auto at = topics_.find(topic);
    if (at == topics_.end()) {
        if (members == 0) return;
        at = topics_.emplace(topic, Shares{}).first;
    }
    at->second.set(node, members);
    if (at->second.empty()) topics_.erase(at);
}

const Shares& Presence::shares(std::string_view topic) const {
    static const Shares none;
    auto at = topics_.find(topic);
    return at == topics_.end() ? none : at->second;
}

}  // namespace seance::signaling
