#include "net/files/range.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::files {

std::optional<RangeRequest> parse_range(std::string_view field) {
    auto equals = field.find('=');
    if (equals == field.npos || !iequals(field.substr(0, equals), "bytes")) return std::nullopt;
    auto range = trim(field.substr(equals + 1));
    auto dash = range.find('-');
    if (dash == range.npos) return std::nullopt;

    RangeRequest request;
    auto first = range.substr(0, dash), last = range.substr(dash + 1);
    request.first = parse_number(first);
    request.last = parse_number(last);
    if ((!first.empty() && !request.first) || (!last.empty() && !request.last)) return std::nullopt;
    if (first.empty() && last.empty()) return std::nullopt;
    if (request.first && request.last && *request.first > *request.last) return std::nullopt;
    return request;
}

std::optional<ByteRange> satisfy(const RangeRequest& range, std::uint64_t size) {
    if (!range.first) {
        auto length = std::min(*range.last, size);
        if (length == 0) return std::nullopt;
        return ByteRange{size - length, length};
    }
    if (*range.first >= size) return std::nullopt;
    auto last = std::min(range.last.value_or(size - 1), size - 1);
    return ByteRange{*range.first, last - *range.first + 1};
}

}  // namespace seance::files
