#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/duration.hpp"
#include "services/signaling/presence.hpp"

namespace seance::signaling {

class Room;

// The digits of hashed_topic(): what a topic is found by, whatever its length.
struct TopicHash {
    std::array<char, 32> digits{};

    static std::optional<TopicHash> of(std::string_view digits) {
        TopicHash hash;
        if (digits.size() != hash.digits.size()) return std::nullopt;
        std::copy(digits.begin(), digits.end(), hash.digits.begin());
        return hash;
    }
    std::string_view text() const { return {digits.data(), digits.size()}; }
    bool operator==(const TopicHash&) const = default;

    struct Hash {  // they are one already
        std::size_t operator()(const TopicHash& hash) const noexcept {
            std::array<std::size_t, 2> first;
            std::memcpy(first.data(), hash.digits.data(), sizeof first);
            return first[0] ^ std::rotl(first[1], 4);
        }
    };
};

// A topic with members on this loop, on its way to be shared with other replicas. Without I/O.
struct SharedTopic {
    // Asked: for the channel. Greeting: it is ours, the others are to say what they have. Ready: they have.
    enum class State { Asked, Greeting, Ready };

    TopicHash hash;
    std::string channel;
    Room* room = nullptr;  // of its members here, which is there as long as this is
    State state = State::Asked;
    std::uint32_t members = 0;
    std::uint64_t join = 0;
    std::vector<std::string> held;  // notes that wait for the channel
    bool changed = false;           // the others do not know `members` yet
    Shares elsewhere;               // what the others have
    bool listened = false;          // others may count what we have here, though we may not know of them

    void greet(Instant now);
    // Each gives true when the topic becomes Ready by it.
    bool greeting_reached(std::int64_t others);  // negative: not known
    bool answered_by(Presence::Node other);
    bool give_up_greeting(Instant now, Duration limit);
    // Somebody who has got the greeting has not answered: it may be slow, and have members.
    bool misses_answers() const {
        return awaited_ < 0 || static_cast<std::int64_t>(answered_.size()) < awaited_;
    }

  private:
    bool ready_if_answered();

    Instant greeted_{};
    std::int64_t awaited_ = -1;             // others that have got our greeting; -1: not known
    std::vector<Presence::Node> answered_;  // who has said since then what it has
};

using SharedTopics = std::unordered_map<TopicHash, SharedTopic, TopicHash::Hash>;

}  // namespace seance::signaling
