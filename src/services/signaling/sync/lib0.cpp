#include "services/signaling/sync/lib0.hpp"

#include <bit>

#include "core/base/text.hpp"

namespace seance::signaling::sync {

std::string_view Lib0Reader::take(std::uint64_t size) {
    if (size > rest_.size()) {
        fail();
        return {};
    }
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

std::uint8_t Lib0Reader::byte() {
    auto one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
}

std::uint64_t Lib0Reader::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 56; shift += 7) {
        auto part = byte();
        value |= std::uint64_t{part & 0x7fU} << shift;
        if (part & 0x80U) continue;
        if (!ok_) return 0;
        if ((part == 0 && shift > 0) || value > kMostNumber) break;
        return value;
    }
    fail();
    return 0;
}

// Six bits and a sign in the first byte.
void Lib0Reader::skip_signed() {
    auto part = byte();
    for (int more = 0; part & 0x80U; ++more) {
        if (more == 7) return fail();
        part = byte();
        if (part == 0) return fail();
    }
}

std::string_view Lib0Reader::bytes() {
    return take(number());
}

std::string_view Lib0Reader::text() {
    auto taken = bytes();
    if (is_utf8(taken)) return taken;
    fail();
    return {};
}

void Lib0Reader::skip_value() {
    skip_value(0);
}

void Lib0Reader::skip_value(int depth) {
    if (depth == kMostDepth) return fail();
    switch (byte()) {
        case 127:  // undefined
        case 126:  // null
        case 121:  // false
        case 120:  // true
            return;
        case 125:
            return skip_signed();
        case 124:  // float32
            take(4);
            return;
        case 123:  // float64
        case 122:  // bigint
            take(8);
            return;
        case 119:
            text();
            return;
        case 118:  // object
            for (auto n = number(); n > 0 && ok_; --n) {
                text();
                skip_value(depth + 1);
            }
            return;
        case 117:  // array
            for (auto n = number(); n > 0 && ok_; --n) skip_value(depth + 1);
            return;
        case 116:
            bytes();
            return;
        default:
            return fail();
    }
}

void append_number(std::string& out, std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) out += static_cast<char>(0x80U | (value & 0x7fU));
    out += static_cast<char>(value);
}

void append_bytes(std::string& out, std::string_view bytes) {
    append_number(out, bytes.size());
    out += bytes;
}

std::size_t size_of_number(std::uint64_t value) {
    return static_cast<std::size_t>((std::bit_width(value | 1) + 6) / 7);
}

std::uint64_t utf16_units(std::string_view text) {
    std::uint64_t units = 0;
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        units += (byte & 0xC0U) != 0x80U;  // a character begins
        units += byte >= 0xF0U;            // one that is a surrogate pair
    }
    return units;
}

}  // namespace seance::signaling::sync
