#include "core/base/base64.hpp"

#include <array>
#include <cstdint>

namespace seance {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int8_t kBad = -1;
constexpr std::int8_t kSpace = -2;
constexpr std::int8_t kPad = -3;

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(kBad);
    for (int i = 0; i < 64; ++i)
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    values['-'] = 62;
    values['_'] = 63;
    values[' '] = values['\t'] = values['\r'] = values['\n'] = kSpace;
    values['='] = kPad;
    return values;
}
constexpr auto kValues = make_values();

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        if (++count == 3) {
            for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[bits >> shift & 63];
            bits = 0;
            count = 0;
        }
    }
    if (count == 1) {
        out += kAlphabet[bits >> 2 & 63];
        out += kAlphabet[bits << 4 & 63];
        out += "==";
    } else if (count == 2) {
        out += kAlphabet[bits >> 10 & 63];
        out += kAlphabet[bits >> 4 & 63];
        out += kAlphabet[bits << 2 & 63];
        out += '=';
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t bits = 0;
    int digits = 0, pads = 0;
    for (char c : text) {
        auto value = kValues[static_cast<unsigned char>(c)];
        if (value == kSpace) continue;
        if (value == kPad) {
            ++pads;
            continue;
        }
        if (value == kBad || pads > 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (++digits == 4) {
            out += static_cast<char>(bits >> 16 & 255);
            out += static_cast<char>(bits >> 8 & 255);
            out += static_cast<char>(bits & 255);
            bits = 0;
            digits = 0;
        }
    }
    if (pads > 2 || (pads > 0 && digits + pads != 4)) return std::nullopt;
    if (digits == 1) return std::nullopt;
    if (digits == 2) {
        if ((bits & 15) != 0) return std::nullopt;
        out += static_cast<char>(bits >> 4 & 255);
    } else if (digits == 3) {
        if ((bits & 3) != 0) return std::nullopt;
        out += static_cast<char>(bits >> 10 & 255);
        out += static_cast<char>(bits >> 2 & 255);
    }
    return out;
}

}  // namespace seance
