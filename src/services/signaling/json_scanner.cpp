#include "services/signaling/json_scanner.hpp"

#include <bitset>
#include <cstdint>
#include <cstring>

namespace seance::signaling {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Eight characters at once: does one of them end the plain run of a string (a quote, a backslash, a control)?
bool has_special(std::uint64_t eight) {
    constexpr std::uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    auto has_zero = [](std::uint64_t v) { return (v - ones) & ~v & tops; };
    auto has_less_than_space = (eight - ones * 0x20) & ~eight & tops;
    return (has_zero(eight ^ ones * '"') | has_zero(eight ^ ones * '\\') | has_less_than_space) != 0;
}

void append_utf8(std::string& out, std::uint32_t c) {
    auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

}  // namespace

char JsonScanner::peek() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    return at_ < end_ ? *at_ : '\0';
}

bool JsonScanner::take(char wanted) {
    if (peek() != wanted || at_ == end_) return false;
    ++at_;
    return true;
}

bool JsonScanner::string(std::string_view& raw, bool& escaped) {
    escaped = false;
    if (!take('"')) return false;
    const char* start = at_;
    while (true) {
        std::uint64_t eight;
        while (end_ - at_ >= 8 && (std::memcpy(&eight, at_, 8), !has_special(eight))) at_ += 8;
        while (at_ < end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
        if (at_ == end_ || static_cast<unsigned char>(*at_) < 0x20) return false;
        if (*at_ == '"') {
            raw = {start, static_cast<std::size_t>(at_ - start)};
            ++at_;
            return true;
        }
        escaped = true;
        if (++at_ == end_) return false;
        char kind = *at_++;
        if (kind == 'u') {
            for (int i = 0; i < 4; ++i, ++at_)
                if (at_ == end_ || hex_value(*at_) < 0) return false;
        } else if (kind == '\0' || !std::strchr("\"\\/bfnrt", kind)) {
            return false;
        }
    }
}

bool JsonScanner::number() {
    auto digits = [&] {
        const char* start = at_;
        while (at_ < end_ && is_digit(*at_)) ++at_;
        return at_ > start;
    };
    if (at_ < end_ && *at_ == '-') ++at_;
    if (at_ < end_ && *at_ == '0')
        ++at_;
    else if (!digits())
        return false;
    if (at_ < end_ && *at_ == '.') {
        ++at_;
        if (!digits()) return false;
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
        if (!digits()) return false;
    }
    return true;
}

bool JsonScanner::word(std::string_view wanted) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
}

bool JsonScanner::value() {
    std::string_view raw;
    bool escaped;
    switch (char c = peek()) {
        case '"':
            return string(raw, escaped);
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        case '{':
        case '[':
            return container(c);
        default:
            return (is_digit(c) || c == '-') && number();
    }
}

// Without recursion: a bit for each level says whether it is an object.
bool JsonScanner::container(char open) {
    std::bitset<kMostDepth + 1> is_object;
    int depth = 0;
    std::string_view raw;
    bool escaped;
    auto enter = [&](char kind) {
        if (++depth > kMostDepth) {
            too_deep_ = true;
            return false;
        }
        ++at_;
        is_object[static_cast<std::size_t>(depth)] = kind == '{';
        return true;
    };
    auto key = [&] { return string(raw, escaped) && take(':'); };

    if (!enter(open)) return false;
    bool first = true;  // in a container that has just been entered
    while (true) {
        bool object = is_object[static_cast<std::size_t>(depth)];
        if (take(object ? '}' : ']')) {
            if (--depth == 0) return true;
            first = false;
            continue;
        }
        if (!first && !take(',')) return false;
        if (object && !key()) return false;
        char c = peek();
        if (c == '{' || c == '[') {
            if (!enter(c)) return false;
            first = true;
            continue;
        }
        if (!value()) return false;
        first = false;
    }
}

std::string unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    auto unit = [&](std::size_t at) {
        std::uint32_t c = 0;
        for (std::size_t i = 0; i < 4; ++i) c = c << 4 | static_cast<std::uint32_t>(hex_value(raw[at + i]));
        return c;
    };
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            out += raw[i];
            continue;
        }
        switch (char kind = raw[++i]) {
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
                auto c = unit(i + 1);
                i += 4;
                if (c >= 0xD800 && c < 0xDC00 && raw.substr(i + 1).starts_with("\\u")) {
                    auto low = unit(i + 3);
                    if (low >= 0xDC00 && low < 0xE000) {
                        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                        i += 6;
                    }
                }
                append_utf8(out, c);
                break;
            }
            default:
                out += kind;
        }
    }
    return out;
}

}  // namespace seance::signaling
