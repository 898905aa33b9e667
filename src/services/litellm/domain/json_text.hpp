#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seance::litellm {

// JSON as bytes: values are found and changed where they stand, so that number formats, key order and unknown
// fields reach the other side as they were sent. Nothing here recurses, whatever the nesting.

enum class JsonKind { Object, Array, String, Number, True, False, Null };

struct JsonValue {
    std::string_view text;  // the value's bytes, without white space around
    JsonKind kind = JsonKind::Null;

    bool is(JsonKind k) const { return kind == k; }
};

struct JsonMember {
    std::string key;  // decoded
    JsonValue value;
    std::string_view segment;  // from after the previous delimiter up to the next one
};

inline constexpr std::size_t kMostJsonDepth = 2000;

// The value of a whole document; nothing if it is not JSON (RFC 8259), not UTF-8, or nested deeper than
// kMostJsonDepth.
std::optional<JsonValue> parse_json(std::string_view document);

// Where the string that `text` begins with ends, behind its closing quote; npos if it begins with none.
// Whether it is UTF-8 is not looked at.
std::size_t json_string_end(std::string_view text);

// The members of an object and the elements of an array that parse_json() has accepted.
std::vector<JsonMember> json_members(const JsonValue& object);
std::vector<JsonValue> json_elements(const JsonValue& array);

// The member of that name; the last one, as most readers do.
std::optional<JsonValue> json_find(const JsonValue& object, std::string_view key);
// The members of those names in one pass.
void json_find_all(const JsonValue& object, std::span<const std::string_view> keys,
                   std::span<std::optional<JsonValue>> found);
template <std::size_t kCount>
std::array<std::optional<JsonValue>, kCount> json_find_all(const JsonValue& object,
                                                           const std::string_view (&keys)[kCount]) {
    std::array<std::optional<JsonValue>, kCount> found;
    json_find_all(object, std::span(keys), found);
    return found;
}
// A path of object members.
std::optional<JsonValue> json_find(const JsonValue& object, std::initializer_list<std::string_view> path);

// The text of a string value; lone surrogates become U+FFFD. Nothing if the value is no string.
std::optional<std::string> json_text(const JsonValue& value);
std::optional<std::string> json_text(const std::optional<JsonValue>& value);
std::vector<std::string> json_texts(const std::optional<JsonValue>& array);  // those of its elements that are
std::optional<double> json_number(const std::optional<JsonValue>& value);
bool json_is_true(
    const std::optional<JsonValue>& value);  // the literal `true`, and nothing that stands for it

// A document that spans lines, as pretty printers write it, on one: data of events must not.
std::string one_line(std::string json);

std::string json_quote(std::string_view text);  // with quotes; bytes that are not UTF-8 become U+FFFD

}  // namespace seance::litellm
