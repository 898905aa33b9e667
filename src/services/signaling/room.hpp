#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/websocket/codec.hpp"

namespace seance::signaling {

class Room;

// Who can be in rooms. deliver() may end the member's connection, but must not change a room before it
// returns.
class Member {
  public:
    virtual void deliver(const websocket::SharedFrame& frame) = 0;
    std::size_t topics() const { return rooms_.size(); }

  protected:
    ~Member() = default;

  private:
    friend class Rooms;
    std::vector<Room*> rooms_;
};

// The subscribers of one topic, each once.
class Room {
  public:
    explicit Room(std::string_view topic) : topic_(topic) {}
    const std::string& topic() const { return topic_; }
    std::size_t size() const { return members_.size(); }
    void deliver(const websocket::SharedFrame& frame) const {
        for (auto* member : members_) member->deliver(frame);
    }

  private:
    friend class Rooms;
    std::string topic_;
    std::vector<Member*> members_;
};

// Who gets what: the topics and their subscribers, without I/O. A room lives from its first subscriber to its
// last. One Rooms per loop; topics shared by several would be kept apart by their hash.
class Rooms {
  public:
    void subscribe(Member& member, std::string_view topic);    // again: no change
    void unsubscribe(Member& member, std::string_view topic);  // unknown: no change
    void leave(Member& member);                                // all its topics

    const Room* find(std::string_view topic) const;
    bool has(const Member& member, std::string_view topic) const;
    std::size_t size() const { return rooms_.size(); }

  private:
    void remove(Room& room, Member& member);

    // Keys are views of the rooms' own topics.
    std::unordered_map<std::string_view, std::unique_ptr<Room>> rooms_;
};

}  // namespace seance::signaling
