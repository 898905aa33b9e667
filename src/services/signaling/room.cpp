#include "services/signaling/room.hpp"

#include <algorithm>

namespace seance::signaling {

const Room* Rooms::find(std::string_view topic) const {
    auto at = rooms_.find(topic);
    return at == rooms_.end() ? nullptr : at->second.get();
}

bool Rooms::has(const Member& member, std::string_view topic) const {
    return std::any_of(member.rooms_.begin(), member.rooms_.end(),
                       [&](auto* room) { return room->topic() == topic; });
}

void Rooms::subscribe(Member& member, std::string_view topic) {
    if (has(member, topic)) return;
    auto at = rooms_.find(topic);
    if (at == rooms_.end()) {
        auto room = std::make_unique<Room>(topic);
        std::string_view key = room->topic();
        at = rooms_.emplace(key, std::move(room)).first;
    }
    at->second->members_.push_back(&member);
    member.rooms_.push_back(at->second.get());
    changed(*at->second);
}

void Rooms::unsubscribe(Member& member, std::string_view topic) {
    auto at = std::find_if(member.rooms_.begin(), member.rooms_.end(),
                           [&](auto* room) { return room->topic() == topic; });
    if (at == member.rooms_.end()) return;
    auto& room = **at;
    member.rooms_.erase(at);
    remove(room, member);
}

void Rooms::leave(Member& member) {
    for (auto* room : member.rooms_) remove(*room, member);
    member.rooms_ = {};
}

void Rooms::remove(Room& room, Member& member) {
    std::erase(room.members_, &member);
    changed(room);
    if (!room.members_.empty()) return;
    auto at = rooms_.find(room.topic());
    rooms_.erase(at);
}

}  // namespace seance::signaling
