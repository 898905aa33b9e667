#include "services/signaling/sync/shared_document.hpp"

#include <algorithm>

namespace seance::signaling::sync {
namespace {

// Beside the bytes of an opaque update: the string and its place in the index.
constexpr std::size_t kPerOpaque = 96;

constexpr std::size_t kLeastToForget = 4096;

}  // namespace

SharedDocument::Added SharedDocument::add(std::string_view update, std::size_t most) {
    if (is_update(update)) {
        // Counting what an update takes reads it once more, which only matters near the limit.
        constexpr std::size_t kMostPerByte = sizeof(Struct);
        auto fits = [&] {
            return size() + update.size() * kMostPerByte <= most || size() + document_.growth(update) <= most;
        };
        // Not for every update of a document that is full.
        if (!fits() && document_.size() > size_when_forgotten_ + size_when_forgotten_ / 8) forget_deleted();
        if (!fits()) return Added::TooLarge;
        if (!document_.add(update)) return Added::Nothing;
        if (document_.size() > std::max(kLeastToForget, 2 * size_when_forgotten_)) forget_deleted();
        return Added::Something;
    }
    auto hash = std::hash<std::string_view>{}(update);
    if (holds(update, hash)) return Added::Nothing;
    if (size() + update.size() + kPerOpaque > most) return Added::TooLarge;
    opaque_by_hash_.emplace(hash, opaque_.size());
    opaque_.emplace_back(update);
    opaque_size_ += update.size() + kPerOpaque;
    return Added::Something;
}

void SharedDocument::forget_deleted() {
    document_.forget_deleted();
    size_when_forgotten_ = document_.size();
}

bool SharedDocument::holds(std::string_view opaque, std::size_t hash) const {
    auto [at, end] = opaque_by_hash_.equal_range(hash);
    for (; at != end; ++at)
        if (opaque_[at->second] == opaque) return true;
    return false;
}

std::vector<std::string> SharedDocument::missing_to(std::string_view state_vector) const {
    auto updates = opaque_;
    if (updates.empty() || !document_.empty())
        updates.push_back(document_.diff(parse_state_vector(state_vector).value_or(StateVector{})));
    return updates;
}

}  // namespace seance::signaling::sync
