#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/signaling/delivery.hpp"

namespace seance::signaling {

class Room;
struct SharedTopic;

// Who can be in rooms. deliver() may end the member's connection, but must not change a room before it
// returns.
class Member {
  public:
    virtual void deliver(Delivery& delivery) = 0;
    std::size_t topics() const { return rooms_.size(); }

  protected:
    ~Member() = default;
    const std::vector<Room*>& rooms() const { return rooms_; }

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
    void prefetch() const { __builtin_prefetch(members_.data()); }
    void deliver(Delivery& delivery) const {
        // They lie anywhere in memory: each is on its way while those before it are delivered to.
        constexpr std::size_t kAhead = 4;
        for (std::size_t i = 0; i < std::min(kAhead, members_.size()); ++i) __builtin_prefetch(members_[i]);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (i + kAhead < members_.size()) __builtin_prefetch(members_[i + kAhead]);
            members_[i]->deliver(delivery);
        }
    }

    // Where its owner keeps what all that are its members now have got last: the `index`th of a `turn`.
    struct Last {
        std::uint64_t turn = 0;  // 0: there is none
        std::size_t index = 0;
    };
    const Last& last() const { return last_; }
    void set_last(const Last& last) { last_ = last; }

    // What replicas share of it, and whose that is; null if they do not.
    SharedTopic* shared() const { return shared_; }
    void share(SharedTopic* shared) { shared_ = shared; }

  private:
    friend class Rooms;
    std::string topic_;
    std::vector<Member*> members_;
    SharedTopic* shared_ = nullptr;
    Last last_;
};

// Who gets what: the topics and their subscribers, without I/O. A room lives from its first subscriber to its
// last. One Rooms per loop, with that loop's members.
class Rooms {
  public:
    // Hears of each change of a room's size, down to 0 at its end.
    class Watcher {
      public:
        virtual void on_size(Room& room) = 0;

      protected:
        ~Watcher() = default;
    };
    explicit Rooms(Watcher* watcher = nullptr) : watcher_(watcher) {}
    void watch(Watcher* watcher) { watcher_ = watcher; }

    void subscribe(Member& member, std::string_view topic);    // again: no change
    void unsubscribe(Member& member, std::string_view topic);  // unknown: no change
    void leave(Member& member);                                // all its topics

    Room* find(std::string_view topic) const;
    bool has(const Member& member, std::string_view topic) const;
    std::size_t size() const { return rooms_.size(); }

    // Of memory, about: all of it, and what one more subscription to the topic takes.
    std::size_t bytes() const { return bytes_; }
    std::size_t cost(std::string_view topic) const;

    template <class Visit>  // void(const Room&)
    void each(Visit visit) const {
        for (const auto& [topic, room] : rooms_) visit(*room);
    }

  private:
    void changed(Room& room) const {
        room.last_ = {};
        if (watcher_) watcher_->on_size(room);
    }
    Room* find_of(const Member& member, std::string_view topic) const;
    void remove(Room& room, Member& member);

    Watcher* watcher_;
    std::size_t bytes_ = 0;
    // Keys are views of the rooms' own topics.
    std::unordered_map<std::string_view, std::unique_ptr<Room>> rooms_;
};

}  // namespace seance::signaling
