#pragma once
#include <string>
#include <vector>

#include "services/signaling/sync/update.hpp"

namespace seance::signaling::sync {

// Clock values of one client: ranges in order that neither overlap nor touch.
class RangeSet {
  public:
    bool add(std::vector<Range> ranges);  // false if it held all of them already
    bool covers(const Range& range) const;
    std::size_t size() const { return ranges_.size() * sizeof(Range); }  // bytes of memory, about
    const std::vector<Range>& ranges() const { return ranges_; }

  private:
    void add_one(Range range);
    void add_many(std::vector<Range> ranges);

    std::vector<Range> ranges_;
};

}  // namespace seance::signaling::sync
