#include "services/signaling/sync/struct.hpp"

namespace seance::signaling::sync {
namespace {

// What a writer puts where half a character was cut away.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void skip_id(Lib0Reader& in) {
    in.number();  // client
    in.number();  // clock
}

void skip_links(Lib0Reader& in, std::uint8_t flags) {
    if (flags & info::kOrigin) skip_id(in);
    if (flags & info::kRightOrigin) skip_id(in);
    if (flags & (info::kOrigin | info::kRightOrigin)) return;  // the parent is that of the neighbour
    auto parent = in.number();
    if (parent == 1)
        in.text();  // a type at the top of the document, by its name
    else if (parent == 0)
        skip_id(in);
    else
        in.fail();
    if (flags & info::kParentKey) in.text();
}

std::uint64_t read_length(Lib0Reader& in) {
    auto length = in.number();
    if (length == 0) in.fail();
    return length;
}

// Embedded objects and values of formats are JSON texts, which nobody but a client takes apart.
void skip_type(Lib0Reader& in) {
    constexpr std::uint64_t kXmlElement = 3, kXmlHook = 5, kLast = 6;
    auto type = in.number();
    if (type > kLast) return in.fail();
    if (type == kXmlElement || type == kXmlHook) in.text();  // the node's name
}

void read_content(Lib0Reader& in, StructView& into) {
    into.length = 1;
    switch (kind_of(into.info)) {
        case info::Deleted:
            into.length = read_length(in);
            return;
        case info::Json:
            into.length = read_length(in);
            into.content = in.spanned([&] {
                for (auto n = into.length; n > 0 && in.ok(); --n) in.text();
            });
            return;
        case info::Binary:
            into.content = in.spanned([&] { in.bytes(); });
            return;
        case info::Text:
            into.content = in.text();
            into.length = utf16_units(into.content);
            if (into.length == 0) in.fail();
            return;
        case info::Embed:
            into.content = in.spanned([&] { in.text(); });
            return;
        case info::Format:
            into.content = in.spanned([&] {
                in.text();
                in.text();
            });
            return;
        case info::Type:
            into.content = in.spanned([&] { skip_type(in); });
            return;
        case info::Any:
            into.length = read_length(in);
            into.content = in.spanned([&] {
                for (auto n = into.length; n > 0 && in.ok(); --n) in.skip_value();
            });
            return;
        case info::Document:
            into.content = in.spanned([&] {
                in.text();
                in.skip_value();
            });
            return;
        default:
            return in.fail();
    }
}

bool has_elements(std::uint8_t kind) {
    return kind == info::Deleted || kind == info::Json || kind == info::Text || kind == info::Any;
}

struct Cut {
    std::size_t at = 0;         // bytes of the content before the cut
    bool in_character = false;  // between the halves of a surrogate pair, the first of which begins there
};

Cut find_cut(std::uint8_t kind, std::string_view content, std::uint64_t values) {
    if (kind == info::Text) {
        std::size_t at = 0;
        while (values > 0) {
            auto lead = static_cast<unsigned char>(content[at]);
            if (lead >= 0xF0 && values == 1) return {at, true};
            values -= lead >= 0xF0 ? 2 : 1;
            at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        }
        return {at, false};
    }
    Lib0Reader in(content);
    if (kind == info::Json || kind == info::Any)
        for (; values > 0; --values) kind == info::Json ? static_cast<void>(in.text()) : in.skip_value();
    return {content.size() - in.left(), false};
}

std::string links_after_cut(std::uint64_t client, const StructView& from, std::uint64_t cut) {
    std::string links;
    append_number(links, client);
    append_number(links, from.clock + cut - 1);
    if (from.info & info::kRightOrigin) {
        Lib0Reader in(from.links);
        if (from.info & info::kOrigin) skip_id(in);
        links += in.spanned([&] { skip_id(in); });
    }
    return links;
}

// The right origin in the form it is stored; empty without one.
std::string_view right_origin(const StructView& item) {
    if (!(item.info & info::kRightOrigin)) return {};
    Lib0Reader in(item.links);
    if (item.info & info::kOrigin) skip_id(in);
    return in.spanned([&] { skip_id(in); });
}

}  // namespace

StructView read_struct(Lib0Reader& in, std::uint64_t clock) {
    StructView read;
    read.clock = clock;
    read.info = in.byte();
    if (read.info == info::Skip || kind_of(read.info) == info::Gc) {
        if (read.info != info::Skip && read.info != info::Gc) in.fail();
        read.length = read_length(in);
    } else {
        read.links = in.spanned([&] { skip_links(in, read.info); });
        read_content(in, read);
    }
    if (read.length > kMostNumber - clock) in.fail();
    return read;
}

void append_gc_or_skip(std::string& out, info::Kind kind, std::uint64_t length) {
    out += static_cast<char>(kind);
    append_number(out, length);
}

void append_struct(std::string& out, std::uint64_t client, const StructView& from, std::uint64_t cut) {
    auto kind = kind_of(from.info);
    if (kind == info::Gc || kind == info::Skip)
        return append_gc_or_skip(out, static_cast<info::Kind>(kind), from.length - cut);
    if (cut > 0) return append_struct(out, client, view_of(without_first(client, from, cut)));
    out += static_cast<char>(from.info);
    out += from.links;
    if (kind == info::Text)
        append_number(out, from.content.size());
    else if (has_elements(kind))
        append_number(out, from.length);
    out += from.content;
}

Struct without_first(std::uint64_t client, const StructView& from, std::uint64_t cut) {
    if (cut == 0) return copy_of(from);
    Struct rest{from.clock + cut, from.length - cut, from.info, {}, {}};
    auto kind = kind_of(from.info);
    if (kind == info::Gc || kind == info::Skip) return rest;
    rest.info |= info::kOrigin;
    rest.links = links_after_cut(client, from, cut);
    auto at = find_cut(kind, from.content, cut);
    if (at.in_character) {
        rest.content = kReplacement;
        at.at += 4;
    }
    rest.content += from.content.substr(at.at);
    return rest;
}

Struct first_of(const StructView& from, std::uint64_t keep) {
    if (keep >= from.length) return copy_of(from);
    Struct first{from.clock, keep, from.info, std::string(from.links), {}};
    auto at = find_cut(kind_of(from.info), from.content, keep);
    first.content = from.content.substr(0, at.at);
    if (at.in_character) first.content += kReplacement;
    return first;
}

bool extend(std::uint64_t client, Struct& last, const StructView& next) {
    if (last.end() != next.clock) return false;
    auto kind = kind_of(next.info);
    if (kind_of(last.info) != kind) return false;
    if (kind == info::Gc) {
        last.length += next.length;
        return true;
    }
    if (!has_elements(kind) || ((last.info | next.info) & info::kParentKey) || !(next.info & info::kOrigin))
        return false;
    Lib0Reader origin(next.links);
    if (origin.number() != client || origin.number() != next.clock - 1) return false;
    if (right_origin(view_of(last)) != right_origin(next)) return false;
    last.length += next.length;
    last.content += next.content;
    return true;
}

}  // namespace seance::signaling::sync
