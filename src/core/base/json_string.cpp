#include "core/base/json_string.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
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

std::size_t find_json_special(std::string_view text, std::size_t at) {
#ifdef __SSE2__
    auto quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x1f);
    for (; at + 16 <= text.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        auto control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
        auto hits =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)), control);
        if (auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits)))
            return at + static_cast<std::size_t>(std::countr_zero(mask));
    }
#endif
    while (at < text.size() && text[at] != '"' && text[at] != '\\' &&
           static_cast<unsigned char>(text[at]) >= 0x20)
        ++at;
    return at;
}

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
