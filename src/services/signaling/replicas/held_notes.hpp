#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

namespace seance::signaling {

// What is to be sent once Valkey is back, in order. Of more than `most` bytes the oldest are lost. Without
// I/O.
class HeldNotes {
  public:
    struct Held {
        std::string channel, note;
        std::size_t bytes() const { return channel.size() + note.size(); }
    };

    explicit HeldNotes(std::size_t most) : most_(most) {}

    // How many were lost for it.
    std::size_t push(std::string channel, std::string note) {
        notes_.push_back({std::move(channel), std::move(note)});
        bytes_ += notes_.back().bytes();
        std::size_t lost = 0;
        for (; bytes_ > most_; ++lost) {
            bytes_ -= notes_.front().bytes();
            notes_.pop_front();
        }
        return lost;
    }
    std::deque<Held> take_all() {
        bytes_ = 0;
        return std::exchange(notes_, {});
    }

  private:
    const std::size_t most_;
    std::size_t bytes_ = 0;
    std::deque<Held> notes_;
};

}  // namespace seance::signaling
