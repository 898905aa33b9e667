#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/signaling/sync/lib0.hpp"

namespace seance::signaling::sync {

// One entry of a client's history in a Yjs update (format v1): an item, or a stretch of clock values whose
// content was collected (GC) or is not here (Skip). It covers `length` values of the client's clock from
// `clock` on. The links of an item say where it was inserted; its content is elements, one per clock value,
// or one thing.
//
// `Text` is what holds the bytes: std::string_view as parsed, std::string as stored.
template <class Text>
struct BasicStruct {
    std::uint64_t clock = 0, length = 0;
    std::uint8_t info = 0;  // as in the format: flags of the links, kind of the content
    Text links;             // origin and right origin, or the parent; as in the format
    Text content;           // as in the format, but for Text and elements without their length or count

    std::uint64_t end() const { return clock + length; }
};
using StructView = BasicStruct<std::string_view>;
using Struct = BasicStruct<std::string>;

namespace info {
inline constexpr std::uint8_t kKind = 0x1f, kParentKey = 0x20, kRightOrigin = 0x40, kOrigin = 0x80;
enum Kind : std::uint8_t {
    Gc = 0,
    Deleted = 1,
    Json = 2,
    Binary = 3,
    Text = 4,
    Embed = 5,
    Format = 6,
    Type = 7,
    Any = 8,
    Document = 9,
    Skip = 10,
};
}  // namespace info

inline std::uint8_t kind_of(std::uint8_t info) {
    return info & info::kKind;
}

// The next struct of a client whose history has been read up to `clock`; in.ok() says whether it is one.
StructView read_struct(Lib0Reader& in, std::uint64_t clock);

// Appends the struct without its first `cut` clock values (fewer than it has). What is left of an item then
// hangs on the last value that was cut off, as when Yjs splits it; half a surrogate pair becomes U+FFFD.
void append_struct(std::string& out, std::uint64_t client, const StructView& from, std::uint64_t cut = 0);
void append_gc_or_skip(std::string& out, info::Kind kind, std::uint64_t length);

// The struct without its first `cut` values, and a struct of its first `keep` values alone.
Struct without_first(std::uint64_t client, const StructView& from, std::uint64_t cut);
Struct first_of(const StructView& from, std::uint64_t keep);

// Makes one of two that follow one another if that says the same: `next` continues what `last` says, where a
// split of the whole would have put it. False: nothing was changed.
bool extend(std::uint64_t client, Struct& last, const StructView& next);

inline StructView view_of(const Struct& s) {
    return {s.clock, s.length, s.info, s.links, s.content};
}
inline Struct copy_of(const StructView& s) {
    return {s.clock, s.length, s.info, std::string(s.links), std::string(s.content)};
}

}  // namespace seance::signaling::sync
