#pragma once
#include <map>
#include <string>
#include <string_view>

#include "services/signaling/sync/history.hpp"
#include "services/signaling/sync/range_set.hpp"

namespace seance::signaling::sync {

// Everything that the updates of one Yjs document have said, merged. It knows who wrote which structs and
// what was deleted, not what the document looks like: that takes the CRDT, which only clients run. Updates
// may come in any order and more than once; those that are written from the same ones say the same.
class Document {
  public:
    bool add(std::string_view update);  // is_update(update) holds; false if it said nothing new
    // What add() would take of memory, about; not less but for a few bytes where structs overlap.
    std::size_t growth(std::string_view update) const;

    // Forgets the content of what was deleted.
    void forget_deleted();

    StateVector state() const;
    // What someone who knows `known` is missing, as an update; deletions are always all of them.
    std::string diff(const StateVector& known) const;

    bool empty() const { return histories_.empty() && deleted_.empty(); }
    std::size_t size() const { return size_; }  // bytes of memory, about
    std::size_t structs() const;

  private:
    std::map<std::uint64_t, History, std::greater<>> histories_;
    std::map<std::uint64_t, RangeSet, std::greater<>> deleted_;
    std::size_t size_ = 0;
};

}  // namespace seance::signaling::sync
