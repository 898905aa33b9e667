#include "services/signaling/replicas/note.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace seance::signaling {
namespace {

constexpr std::size_t kNodeDigits = 16;

std::optional<Presence::Node> parse_node(std::string_view text) {
    if (text.size() < kNodeDigits) return std::nullopt;
    Presence::Node node = 0;
    for (char c : text.substr(0, kNodeDigits)) {
        int digit = hex_digit(c);
        if (digit < 0) return std::nullopt;
        node = node << 4 | static_cast<unsigned>(digit);
    }
    return node;
}

void append_node(std::string& out, Presence::Node node) {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[node >> shift & 0xF];
}

}  // namespace

std::string print_node(Presence::Node node) {
    std::string out;
    append_node(out, node);
    return out;
}

std::string print_note(const ReplicaNote& note) {
    std::string out;
    append_note(out, note);
    return out;
}

void append_note(std::string& out, const ReplicaNote& note) {
    using Kind = ReplicaNote::Kind;
    out.reserve(out.size() + 1 + 2 * kNodeDigits + note.text.size());
    out += static_cast<char>(note.kind);
    append_node(out, note.sender);
    if (note.kind == Kind::Publish || note.kind == Kind::Bundle) out += note.text;
    if (note.kind == Kind::Hello || note.kind == Kind::Members) out += fmt::format_int(note.members).str();
    if (note.kind == Kind::Recount || note.kind == Kind::Answer) append_node(out, note.target);
    if (note.kind == Kind::Answer) out += fmt::format_int(note.members).str();
}

std::optional<ReplicaNote> parse_note(std::string_view bytes) {
    using Kind = ReplicaNote::Kind;
    if (bytes.empty()) return std::nullopt;
    ReplicaNote note;
    note.kind = static_cast<Kind>(bytes[0]);
    auto sender = parse_node(bytes.substr(1));
    if (!sender) return std::nullopt;
    note.sender = *sender;
    auto rest = bytes.substr(1 + kNodeDigits);
    switch (note.kind) {
        case Kind::Publish:
        case Kind::Bundle:
            note.text = rest;
            return note;
        case Kind::Answer: {
            auto target = parse_node(rest);
            if (!target) return std::nullopt;
            note.target = *target;
            rest.remove_prefix(kNodeDigits);
            [[fallthrough]];
        }
        case Kind::Hello:
        case Kind::Members: {
            auto members = parse_number(rest);
            if (!members || *members > UINT32_MAX) return std::nullopt;
            note.members = static_cast<std::uint32_t>(*members);
            return note;
        }
        case Kind::Beat:
        case Kind::Listens:
            if (!rest.empty()) return std::nullopt;
            return note;
        case Kind::Recount: {
            auto target = parse_node(rest);
            if (!target || rest.size() != kNodeDigits) return std::nullopt;
            note.target = *target;
            return note;
        }
    }
    return std::nullopt;
}

Presence::Node node_of(std::uint64_t process, unsigned loop) {
    return (process << 8) | (loop & 0xFF);
}

std::string hashed_topic(std::string_view topic) {
    return sha256_hex(topic).substr(0, 32);
}

}  // namespace seance::signaling
