#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance {

// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);

// Takes what encoders really send: both alphabets (sections 4 and 5), white space anywhere, padding present
// or left out. Refuses any other character, data after padding, a length of 1 modulo 4 and non-zero trailing
// bits, since each of them means that bytes were lost or changed on the way.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace seance
