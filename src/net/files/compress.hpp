#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "net/files/encoding.hpp"

namespace seance::files {

// Packs as hard as is worth it once per file at start: the hardest levels up to kHardest bytes, where they
// take milliseconds, and quick ones that still beat any on-the-fly level above. Nothing for Identity, or if
// the library fails.
inline constexpr std::size_t kHardest = 128 * 1024;
std::optional<std::string> compress(Coding coding, std::string_view content);

// True if sending `packed` bytes in place of `plain` is worth a second form of the file.
constexpr bool is_worth_it(std::size_t packed, std::size_t plain) {
    return packed * 20 <= plain * 19;
}

// True if the bytes start as the coding's files do (always true for Brotli, which has no mark).
bool looks_like(Coding coding, std::string_view packed);

}  // namespace seance::files
