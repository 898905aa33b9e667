#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/signaling/sync/struct.hpp"

namespace seance::signaling::sync {

// How far each client's history is known: the first clock value that is not.
using StateVector = std::map<std::uint64_t, std::uint64_t, std::greater<>>;

std::optional<StateVector> parse_state_vector(std::string_view text);
std::string print_state_vector(const StateVector& state);

// Clock values [begin, end) of one client.
struct Range {
    std::uint64_t begin = 0, end = 0;
    friend bool operator==(const Range&, const Range&) = default;
};

// Reads a Yjs update in format v1, one part at a time and without memory of its own: for each client a run of
// structs without gaps (Skips stand for them), then what was deleted. End comes only if the whole text is an
// update; until then it may still turn out to be something else: encrypted, format v2, cut off.
class UpdateReader {
  public:
    explicit UpdateReader(std::string_view text) : in_(text), runs_(in_.number()) {}

    enum class Part { Structure, Deletion, End, Bad };
    Part next();

    std::uint64_t client() const { return client_; }
    const StructView& structure() const { return struct_; }  // of a Part::Structure
    const Range& deletion() const { return range_; }         // of a Part::Deletion

  private:
    bool next_client();

    Lib0Reader in_;
    std::uint64_t runs_, client_ = 0;
    std::uint64_t left_ = 0;  // structs or ranges of this client
    bool in_deletions_ = false;
    StructView struct_;
    Range range_;
};

bool is_update(std::string_view text);

// The update that says nothing.
inline constexpr std::string_view kEmptyUpdate{"\0\0", 2};

}  // namespace seance::signaling::sync
