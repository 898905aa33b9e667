#pragma once
#include <map>
#include <vector>

#include "services/signaling/sync/range_set.hpp"

namespace seance::signaling::sync {

// The structs of one client, each clock value once. What follows on from the beginning is in a row; what came
// ahead of a gap waits beside it until the gap is filled.
class History {
  public:
    explicit History(std::uint64_t client) : client_(client) {}

    bool add(
        const StructView& s);  // false if every value was there already; of two that overlap the first stays
    std::uint64_t end() const { return row_.empty() ? 0 : row_.back().end(); }  // of the row

    // Appends everything from `start` on as a run of an update: number of structs, client, clock, structs.
    // False, and nothing appended, if there is none.
    bool append_run(std::string& out, std::uint64_t start) const;

    // Forgets the content of what is in `deleted`, as clients do once they have deleted it; where it stood is
    // kept, for what hangs on it. Types and subdocuments keep theirs, on which others may hang.
    void forget(const std::vector<Range>& deleted);

    std::size_t size() const { return size_; }  // bytes of memory, about
    std::size_t structs() const { return row_.size() + ahead_.size(); }

    static std::size_t cost(const StructView& s) {
        return sizeof(Struct) + s.links.size() + s.content.size();
    }

  private:
    void append(const StructView& s);
    bool put_ahead(const StructView& s);
    void catch_up();

    std::uint64_t client_;
    std::vector<Struct> row_;
    std::map<std::uint64_t, Struct> ahead_;  // by clock; none overlaps another
    std::size_t size_ = 0;
};

}  // namespace seance::signaling::sync
