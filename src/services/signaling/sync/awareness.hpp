#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"

namespace seance::signaling::sync {

// One client's awareness: what it shows of itself to the others, as JSON. A higher clock is newer; "null"
// means that it has left.
struct Shown {
    std::uint64_t client = 0, clock = 0;
    std::string_view state;
    bool left() const { return state == "null"; }
};

// Nothing if it is no awareness update of the y-protocols, or a state is no JSON: that would throw in every
// client that it is passed on to.
std::optional<std::vector<Shown>> parse_awareness(std::string_view text);
std::string print_awareness(const std::vector<Shown>& shown);

// Who is in a room, by the rules of y-protocols' awareness: a client shows itself anew every 15 s and is gone
// after 30 s of silence. The clock of who left is kept as long, for states of before may still be on their
// way.
class Awareness {
  public:
    static constexpr Duration kForgetAfter = std::chrono::seconds(30);
    // Whose state it is to take back: a connection's number. kElsewhere: another replica's.
    using Owner = std::uint64_t;
    static constexpr Owner kElsewhere = 0;

    struct Outcome {
        std::string news;   // what has changed, for everybody; empty if nothing has
        std::string stale;  // what the sender should know: that it is taken for gone. It will answer with a
                            // higher clock. Empty if there is nothing to say
    };
    Outcome show(Owner owner, const std::vector<Shown>& shown, Instant now);

    // Everybody of an owner leaves: what to tell the others, empty if there is nothing to tell.
    std::string leave(Owner owner);
    // The same for who has been silent too long. No client needs to be told, for each notices by itself.
    void forget_silent(Instant now);

    std::string all() const;                 // who is here, empty if nobody is
    std::string all_of_connections() const;  // without those elsewhere
    std::size_t size() const { return clients_.size(); }
    std::size_t bytes() const { return bytes_ + clients_.size() * kPerClient; }  // of memory, about
    std::size_t growth(const std::vector<Shown>& shown) const;                   // by it, at most

  private:
    struct Client {
        std::uint64_t clock = 0;
        std::string state;  // "null": has left
        Owner owner = kElsewhere;
        Instant heard{};
        Shown shown(std::uint64_t id) const { return {id, clock, state}; }
    };
    static constexpr std::size_t kPerClient = sizeof(Client) + 48;
    std::map<std::uint64_t, Client> clients_;
    std::size_t bytes_ = 0;
};

}  // namespace seance::signaling::sync
