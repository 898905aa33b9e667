#include "services/signaling/json_scanner.hpp"

#include <bitset>
#include <cstring>

#include "core/base/json_string.hpp"
#include "core/base/text.hpp"

namespace seance::signaling {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
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
        at_ += find_json_special({at_, static_cast<std::size_t>(end_ - at_)}, 0);
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
                if (at_ == end_ || hex_digit(*at_) < 0) return false;
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

}  // namespace seance::signaling
