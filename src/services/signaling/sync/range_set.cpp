#include "services/signaling/sync/range_set.hpp"

#include <algorithm>

namespace seance::signaling::sync {
namespace {

// Above it, walking over everything once costs less than making room for each.
constexpr std::size_t kFew = 8;

}  // namespace

bool RangeSet::covers(const Range& range) const {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), range.begin,
                                  [](std::uint64_t at, const Range& r) { return at < r.begin; });
    return after != ranges_.begin() && std::prev(after)->end >= range.end;
}

bool RangeSet::add(std::vector<Range> ranges) {
    std::erase_if(ranges, [this](const Range& range) { return covers(range); });
    if (ranges.empty()) return false;
    if (ranges.size() > kFew)
        add_many(std::move(ranges));
    else
        for (const auto& range : ranges) add_one(range);
    return true;
}

void RangeSet::add_one(Range range) {
    auto first = std::lower_bound(ranges_.begin(), ranges_.end(), range.begin,
                                  [](const Range& r, std::uint64_t at) { return r.end < at; });
    auto last = first;
    for (; last != ranges_.end() && last->begin <= range.end; ++last) {
        range.begin = std::min(range.begin, last->begin);
        range.end = std::max(range.end, last->end);
    }
    if (first == last) {
        ranges_.insert(first, range);
    } else {
        *first = range;
        ranges_.erase(std::next(first), last);
    }
}

void RangeSet::add_many(std::vector<Range> ranges) {
    auto middle = static_cast<std::ptrdiff_t>(ranges.size());
    ranges.insert(ranges.end(), ranges_.begin(), ranges_.end());
    auto by_begin = [](const Range& a, const Range& b) { return a.begin < b.begin; };
    std::sort(ranges.begin(), ranges.begin() + middle, by_begin);
    std::inplace_merge(ranges.begin(), ranges.begin() + middle, ranges.end(), by_begin);
    std::vector<Range> joined;
    for (const auto& range : ranges) {
        if (!joined.empty() && range.begin <= joined.back().end)
            joined.back().end = std::max(joined.back().end, range.end);
        else
            joined.push_back(range);
    }
    ranges_ = std::move(joined);
}

}  // namespace seance::signaling::sync
