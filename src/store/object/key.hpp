#pragma once
#include <string>
#include <string_view>

namespace seance::object {

// Why `key` is not a good object key, as the end of a sentence ("has an empty segment"); "" if it is good.
// Good in every store: UTF-8 of at most 1024 bytes, relative, segments of 1 to 255 bytes between single
// slashes, no "." or
// ".." segment, no backslash, no control character.
std::string key_problem(std::string_view key);

}  // namespace seance::object
