#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/signaling/sync/document.hpp"

namespace seance::signaling::sync {

// What a room knows of its document: the updates that can be read, merged, and beside them those that cannot
// (encrypted, format v2, foreign), each once and as it came.
class SharedDocument {
  public:
    enum class Added { Something, Nothing, TooLarge };
    // TooLarge: it would take more than `most` bytes of memory, and nothing was added.
    Added add(std::string_view update, std::size_t most);

    // Forgets the content of what was deleted. add() does so by itself whenever the document has doubled.
    void forget_deleted();

    // What answers a step 1: updates which together hold all that its sender may miss, the last of them the
    // merged one. A state vector that cannot be read is taken for an empty one.
    std::vector<std::string> missing_to(std::string_view state_vector) const;
    // The same for a log that begins anew.
    std::vector<std::string> all() const { return missing_to({}); }

    // The state vector of what is merged, as text.
    std::string state() const { return print_state_vector(document_.state()); }

    bool empty() const { return document_.empty() && opaque_.empty(); }
    bool holds_opaque() const { return !opaque_.empty(); }
    std::size_t size() const { return document_.size() + opaque_size_; }  // bytes of memory, about
    std::size_t structs() const { return document_.structs(); }

  private:
    bool holds(std::string_view opaque, std::size_t hash) const;

    Document document_;
    std::vector<std::string> opaque_;
    std::unordered_multimap<std::size_t, std::size_t> opaque_by_hash_;  // to its place in opaque_
    std::size_t opaque_size_ = 0;
    std::size_t size_when_forgotten_ = 0;
};

}  // namespace seance::signaling::sync
