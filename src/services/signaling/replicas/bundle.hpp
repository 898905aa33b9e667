#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance::signaling {

// The entries of a ReplicaNote::Kind::Bundle: of each the hash of its topic (32 digits), the size of its text
// in decimal, a colon, and the text. Without I/O.
struct BundleEntry {
    std::string_view topic;  // hashed_topic() of it
    std::string_view text;   // a client's publish, as it came
};

void append_entry(std::string& bundle, BundleEntry entry);

// The entries of `left` from its beginning on, as views into it; nothing at its end, and nothing more where
// what follows is no entry.
std::optional<BundleEntry> next_entry(std::string_view& left);

}  // namespace seance::signaling
