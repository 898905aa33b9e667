#include "services/litellm/domain/json_text.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <charconv>

#include "core/base/json_string.hpp"
#include "core/base/text.hpp"
#include "core/observe/log.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kBad = std::string_view::npos;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t skip_space(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
        ++at;
    return at;
}

// `at` is on the opening quote; gives the position after the closing one.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; (at = find_json_special(text, at)) < text.size(); ++at) {
        char c = text[at];
        if (c == '"') return at + 1;
        if (static_cast<unsigned char>(c) < 0x20) return kBad;
        if (c != '\\') continue;
        if (++at >= text.size()) return kBad;
        if (text[at] == 'u') {
            if (text.size() - at < 5 ||
                !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                             text.begin() + static_cast<std::ptrdiff_t>(at) + 5, [](char h) {
                                 return is_digit(h) || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
                             }))
                return kBad;
            at += 4;
        } else if (std::string_view("\"\\/bfnrt").find(text[at]) == std::string_view::npos) {
            return kBad;
        }
    }
    return kBad;
}

std::size_t skip_number(std::string_view text, std::size_t at) {
    auto digits = [&] {
        auto begin = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return at > begin;
    };
    if (at < text.size() && text[at] == '-') ++at;
    if (at < text.size() && text[at] == '0')
        ++at;
    else if (!digits())
        return kBad;
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (!digits()) return kBad;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (!digits()) return kBad;
    }
    return at;
}

JsonKind kind_of(char first) {
    switch (first) {
        case '{':
            return JsonKind::Object;
        case '[':
            return JsonKind::Array;
        case '"':
            return JsonKind::String;
        case 't':
            return JsonKind::True;
        case 'f':
            return JsonKind::False;
        case 'n':
            return JsonKind::Null;
        default:
            return JsonKind::Number;
    }
}

std::size_t skip_scalar(std::string_view text, std::size_t at) {
    auto word = [&](std::string_view w) { return text.substr(at).starts_with(w) ? at + w.size() : kBad; };
    switch (text[at]) {
        case '"':
            return skip_string(text, at);
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return skip_number(text, at);
    }
}

// `at` is on a key's quote; gives the position of its value.
std::size_t skip_key(std::string_view text, std::size_t at) {
    if (at >= text.size() || text[at] != '"') return kBad;
    at = skip_string(text, at);
    if (at == kBad) return kBad;
    at = skip_space(text, at);
    if (at >= text.size() || text[at] != ':') return kBad;
    return skip_space(text, at + 1);
}

// The position after the value that begins at `at`, checked in full.
std::size_t skip_value(std::string_view text, std::size_t at) {
    std::string open;  // the closing brackets that are due
    while (true) {
        if (at == kBad || at >= text.size()) return kBad;
        bool ended = true;
        if (text[at] == '{' || text[at] == '[') {
            if (open.size() == kMostJsonDepth) return kBad;
            open += text[at] == '{' ? '}' : ']';
            at = skip_space(text, at + 1);
            if (at >= text.size()) return kBad;
            if (text[at] == open.back()) {
                open.pop_back();
                ++at;
            } else {
                if (open.back() == '}') at = skip_key(text, at);
                ended = false;
            }
        } else {
            at = skip_scalar(text, at);
            if (at == kBad) return kBad;
        }
        while (ended) {
            if (open.empty()) return at;
            at = skip_space(text, at);
            if (at >= text.size()) return kBad;
            if (text[at] == open.back()) {
                open.pop_back();
                ++at;
            } else if (text[at] == ',') {
                at = skip_space(text, at + 1);
                if (open.back() == '}') at = skip_key(text, at);
                ended = false;
            } else {
                return kBad;
            }
        }
    }
}

// The same three for text that skip_value has checked before, which a document is read from many times: only
// what ends them is looked for.
std::size_t past_string(std::string_view text, std::size_t at) {
    for (auto begin = ++at; (at = text.find('"', at)) != text.npos; ++at) {
        auto slash = at;
        while (slash > begin && text[slash - 1] == '\\') --slash;
        if ((at - slash) % 2 == 0) return at + 1;
    }
    return text.size();
}

// The first byte from `at` on that opens or closes an object, an array or a string.
std::size_t find_structure(std::string_view text, std::size_t at) {
#ifdef __SSE2__
    // A bracket and its brace differ in one bit.
    auto quote = _mm_set1_epi8('"'), bit = _mm_set1_epi8('[' ^ '{'), opens = _mm_set1_epi8('{'),
         closes = _mm_set1_epi8('}');
    for (; at + 16 <= text.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        auto braces = _mm_or_si128(bytes, bit);
        auto hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                 _mm_or_si128(_mm_cmpeq_epi8(braces, opens), _mm_cmpeq_epi8(braces, closes)));
        if (auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits)))
            return at + static_cast<std::size_t>(std::countr_zero(mask));
    }
#endif
    return std::min(text.find_first_of("\"{}[]", at), text.size());
}

std::size_t past_value(std::string_view text, std::size_t at) {
    if (text[at] == '"') return past_string(text, at);
    if (text[at] != '{' && text[at] != '[') {
        while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' && text[at] > ' ')
            ++at;
        return at;
    }
    for (int depth = 0; (at = find_structure(text, at)) < text.size();) {
        char c = text[at];
        if (c == '"') {
            at = past_string(text, at);
            continue;
        }
        ++at;
        depth += c == '{' || c == '[' ? 1 : -1;
        if (depth == 0) return at;
    }
    return text.size();
}

JsonValue value_at(std::string_view text, std::size_t begin, std::size_t end) {
    return {text.substr(begin, end - begin), kind_of(text[begin])};
}

// The literal with its quotes, known to be valid.
std::string decode_string(std::string_view literal) {
    return unescape_json(literal.substr(1, literal.size() - 2), LoneSurrogate::Replace);
}

// Whether a key's literal means that name; most are written as they are.
bool is_named(std::string_view literal, std::string_view name) {
    auto raw = literal.substr(1, literal.size() - 2);
    return raw == name || (raw.find('\\') != raw.npos && decode_string(literal) == name);
}

// Calls `take` with the literal of each key, its value, and the text from one delimiter to the next.
template <typename Take>
void each_member(const JsonValue& object, Take take) {
    if (!object.is(JsonKind::Object)) return;
    auto text = object.text;
    std::size_t segment = 1, at = skip_space(text, 1);
    while (at < text.size() && text[at] == '"') {
        auto key_end = past_string(text, at);
        auto begin = skip_space(text, skip_space(text, key_end) + 1);
        auto end = past_value(text, begin);
        auto delimiter = skip_space(text, end);
        take(text.substr(at, key_end - at), value_at(text, begin, end),
             text.substr(segment, delimiter - segment));
        segment = delimiter + 1;
        at = skip_space(text, segment);
        if (text[delimiter] == '}') break;
    }
}

}  // namespace

std::optional<JsonValue> parse_json(std::string_view document) {
    auto begin = skip_space(document, 0);
    auto end = skip_value(document, begin);
    if (end == kBad || skip_space(document, end) != document.size() || !is_utf8(document))
        return std::nullopt;
    return value_at(document, begin, end);
}

std::size_t json_string_end(std::string_view text) {
    return text.starts_with('"') ? skip_string(text, 0) : kBad;
}

std::vector<JsonMember> json_members(const JsonValue& object) {
    std::vector<JsonMember> members;
    members.reserve(8);
    each_member(object, [&](std::string_view name, const JsonValue& value, std::string_view segment) {
        members.push_back({decode_string(name), value, segment});
    });
    return members;
}

std::vector<JsonValue> json_elements(const JsonValue& array) {
    std::vector<JsonValue> elements;
    if (!array.is(JsonKind::Array)) return elements;
    auto text = array.text;
    auto at = skip_space(text, 1);
    while (text[at] != ']') {
        auto end = past_value(text, at);
        elements.push_back(value_at(text, at, end));
        at = skip_space(text, end);
        if (text[at] == ',') at = skip_space(text, at + 1);
    }
    return elements;
}

std::optional<JsonValue> json_find(const JsonValue& object, std::string_view key) {
    std::optional<JsonValue> found;
    each_member(object, [&](std::string_view name, const JsonValue& value, std::string_view) {
        if (is_named(name, key)) found = value;
    });
    return found;
}

void json_find_all(const JsonValue& object, std::span<const std::string_view> keys,
                   std::span<std::optional<JsonValue>> found) {
    each_member(object, [&](std::string_view name, const JsonValue& value, std::string_view) {
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (is_named(name, keys[i])) found[i] = value;
    });
}

std::optional<JsonValue> json_find(const JsonValue& object, std::initializer_list<std::string_view> path) {
    std::optional<JsonValue> at = object;
    for (auto key : path) {
        at = json_find(*at, key);
        if (!at) break;
    }
    return at;
}

std::optional<std::string> json_text(const JsonValue& value) {
    if (!value.is(JsonKind::String)) return std::nullopt;
    return decode_string(value.text);
}

std::optional<std::string> json_text(const std::optional<JsonValue>& value) {
    return value ? json_text(*value) : std::nullopt;
}

std::vector<std::string> json_texts(const std::optional<JsonValue>& array) {
    std::vector<std::string> texts;
    if (!array || !array->is(JsonKind::Array)) return texts;
    for (auto& element : json_elements(*array))
        if (auto text = json_text(element)) texts.push_back(std::move(*text));
    return texts;
}

std::optional<double> json_number(const std::optional<JsonValue>& value) {
    if (!value || !value->is(JsonKind::Number)) return std::nullopt;
    double number = 0;
    auto text = value->text;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
        return std::nullopt;
    return number;
}

std::string one_line(std::string json) {
    std::replace_if(
        json.begin(), json.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return json;
}

bool json_is_true(const std::optional<JsonValue>& value) {
    return value && value->is(JsonKind::True);
}

std::string json_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    observe::append_json_string(out, text);
    return out;
}

}  // namespace seance::litellm
