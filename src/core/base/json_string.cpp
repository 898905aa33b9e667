#include "core/base/json_string.hpp"

#include <algorithm>
#include <cstdint>

#include "core/base/text.hpp"

namespace seance {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | point >> 6);
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3F));
        put(0x80 | (point >> 6 & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

std::uint32_t four_hex(std::string_view text) {
    std::uint32_t value = 0;
    for (char c : text.substr(0, 4)) value = value << 4 | static_cast<std::uint32_t>(hex_digit(c));
    return value;
}

}  // namespace

std::string unescape_json(std::string_view raw, LoneSurrogate lone) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
        auto slash = std::min(raw.find('\\', at), raw.size());
        out += raw.substr(at, slash - at);
        if ((at = slash) == raw.size()) break;
        switch (char kind = raw[++at]) {
            case 'b':
                out += '\b';
                break;
            case 'f':
                out += '\f';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 't':
                out += '\t';
                break;
            case 'u': {
                auto point = four_hex(raw.substr(at + 1));
                at += 4;
                if (point >= 0xD800 && point < 0xDC00 && raw.substr(at + 1).starts_with("\\u")) {
                    auto low = four_hex(raw.substr(at + 3));
                    if (low >= 0xDC00 && low < 0xE000) {
                        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                        at += 6;
                    }
                }
                bool half = point >= 0xD800 && point < 0xE000;
                append_utf8(out, half && lone == LoneSurrogate::Replace ? 0xFFFD : point);
                break;
            }
            default:
                out += kind;
        }
    }
    return out;
}

}  // namespace seance
