#include "services/signaling/presence.hpp"

#include <algorithm>

namespace seance::signaling {

void Presence::set(std::string_view topic, Node node, std::uint32_t members) {
    auto at = topics_.find(topic);
    if (at == topics_.end()) {
        if (members == 0) return;
        at = topics_.emplace(topic, std::vector<Share>{}).first;
    }
    auto& shares = at->second;
    auto share = std::find_if(shares.begin(), shares.end(), [&](auto& s) { return s.node == node; });
    if (members > 0) {
        if (share == shares.end())
            shares.push_back({node, members});
        else
            share->members = members;
    } else if (share != shares.end()) {
        shares.erase(share);
        if (shares.empty()) topics_.erase(at);
    }
}

void Presence::forget_topic(std::string_view topic) {
    auto at = topics_.find(topic);
    if (at != topics_.end()) topics_.erase(at);
}

void Presence::forget_node(Node node) {
    for (auto at = topics_.begin(); at != topics_.end();) {
        std::erase_if(at->second, [&](auto& share) { return share.node == node; });
        at = at->second.empty() ? topics_.erase(at) : std::next(at);
    }
}

const std::vector<Presence::Share>& Presence::shares(std::string_view topic) const {
    static const std::vector<Share> none;
    auto at = topics_.find(topic);
    return at == topics_.end() ? none : at->second;
}

std::size_t Presence::members(std::string_view topic) const {
    std::size_t sum = 0;
    for (const auto& share : shares(topic)) sum += share.members;
    return sum;
}

}  // namespace seance::signaling
