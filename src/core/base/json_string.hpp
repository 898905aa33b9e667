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

}  // namespace seance
