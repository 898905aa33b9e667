#pragma once
#include <string>
#include <string_view>

namespace seance {

// What becomes of half a surrogate pair (\ud800 alone), which stands for no character.
enum class LoneSurrogate {
    Keep,     // its three bytes, so that different texts stay different; the result is not UTF-8
    Replace,  // U+FFFD, so that the result is UTF-8
};

// The text of a JSON string (RFC 8259 section 7), given what stands between its quotes, known to be valid.
std::string unescape_json(std::string_view raw, LoneSurrogate lone);

// The first byte from `at` on that a JSON string cannot just hold: a quote, a backslash, a control byte; the
// text's size if there is none. Prompts are long strings, so sixteen bytes are looked at together where the
// processor can.
std::size_t find_json_special(std::string_view text, std::size_t at);

}  // namespace seance
