#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/signaling/presence.hpp"

namespace seance::signaling {

// What one replica tells the others over a channel: one letter, the sender in 16 hex digits, and the rest.
// Without I/O.
struct ReplicaNote {
    enum class Kind : char {
        Publish = 'M',  // a client's publish, as it came
        Hello = 'H',    // the sender has just begun to listen, and has `members`; whoever listens answers
        Answer = 'A',   // to the Hello of `target`: the sender has `members`
        Members = 'C',  // the sender has `members` now; of earlier versions an answer too
        Beat = 'B',     // the sender lives
        Recount = 'R',  // `target` is to say anew what it has
        Listens = 'L',  // the sender takes bundles on a channel of its own, and Answers for answers
        Bundle = 'D',   // publishes for members of the node on whose channel it comes (bundle.hpp)
    };
    Kind kind = Kind::Beat;
    Presence::Node sender = 0;
    std::uint32_t members = 0;
    Presence::Node target = 0;
    std::string_view text;  // of a Publish, or a Bundle's entries; a view into what was parsed
};

std::string print_note(const ReplicaNote& note);
void append_note(std::string& out, const ReplicaNote& note);
std::string print_node(Presence::Node node);
std::optional<ReplicaNote> parse_note(std::string_view bytes);  // nothing: not from a replica of ours

// A node is a loop of a process; those of one process differ in the last byte.
Presence::Node node_of(std::uint64_t process, unsigned loop);
inline bool same_process(Presence::Node a, Presence::Node b) {
    return a >> 8 == b >> 8;
}

// What stands for a topic outside of this process: the first 32 digits of its SHA-256, so that a name chosen
// by a user has a bounded length and is not shown.
std::string hashed_topic(std::string_view topic);

}  // namespace seance::signaling
