#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace seance::files {

// What a Range field asks for, before the size of the file is known.
struct RangeRequest {
    std::optional<std::uint64_t> first;  // none: the last `last` bytes
    std::optional<std::uint64_t> last;   // none: to the end
};

// One range of bytes; anything else (several, malformed, another unit) gives nothing and is answered as if
// the field were absent.
std::optional<RangeRequest> parse_range(std::string_view field);

struct ByteRange {
    std::uint64_t offset = 0, length = 0;
    bool operator==(const ByteRange&) const = default;
};

// The bytes of a file of `size` bytes; nothing if there are none of them (416).
std::optional<ByteRange> satisfy(const RangeRequest& range, std::uint64_t size);

}  // namespace seance::files
