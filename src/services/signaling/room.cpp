#include "services/signaling/room.hpp"

#include <algorithm>

namespace seance::signaling {
namespace {

// A room, where it is found, and what other loops and replicas know of it; a member's place in it and it in
// the member's list.
constexpr std::size_t kPerRoom = 512, kPerMember = 2 * sizeof(void*);

}  // namespace

Room* Rooms::find(std::string_view topic) const {
    auto at = rooms_.find(topic);
    return at == rooms_.end() ? nullptr : at->second.get();
}

std::size_t Rooms::cost(std::string_view topic) const {
    return kPerMember + (rooms_.contains(topic) ? 0 : kPerRoom + topic.size());
}

// Looked for in the shorter list: a client may name its thousand topics again and again.
Room* Rooms::find_of(const Member& member, std::string_view topic) const {
    auto at = rooms_.find(topic);
    if (at == rooms_.end()) return nullptr;
    auto* room = at->second.get();
    auto is_in = [](const auto& list, auto* wanted) {
        return std::find(list.begin(), list.end(), wanted) != list.end();
    };
    bool there = room->members_.size() < member.rooms_.size() ? is_in(room->members_, &member)
                                                              : is_in(member.rooms_, room);
    return there ? room : nullptr;
}

bool Rooms::has(const Member& member, std::string_view topic) const {
    return find_of(member, topic) != nullptr;
}

void Rooms::subscribe(Member& member, std::string_view topic) {
    if (has(member, topic)) return;
    bytes_ += cost(topic);
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
    auto* room = find_of(member, topic);
    if (!room) return;
    std::erase(member.rooms_, room);
    remove(*room, member);
}

void Rooms::leave(Member& member) {
    for (auto* room : member.rooms_) remove(*room, member);
    member.rooms_ = {};
}

void Rooms::remove(Room& room, Member& member) {
    std::erase(room.members_, &member);
    bytes_ -= kPerMember;
    changed(room);
    if (!room.members_.empty()) return;
    bytes_ -= kPerRoom + room.topic().size();
    auto at = rooms_.find(room.topic());
    rooms_.erase(at);
}

}  // namespace seance::signaling
