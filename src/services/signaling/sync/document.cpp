#include "services/signaling/sync/document.hpp"

#include <utility>

namespace seance::signaling::sync {
namespace {

using Part = UpdateReader::Part;

// A client's place in both maps.
constexpr std::size_t kPerClient = 160;

}  // namespace

bool Document::add(std::string_view update) {
    UpdateReader reader(update);
    bool added = false;
    auto part = reader.next();
    while (part == Part::Structure) {
        auto client = reader.client();
        auto [at, first] = histories_.try_emplace(client, client);
        auto& history = at->second;
        size_ = size_ + (first ? kPerClient : 0) - history.size();
        for (; part == Part::Structure && reader.client() == client; part = reader.next())
            added |= history.add(reader.structure());
        size_ += history.size();
        if (history.structs() > 0) continue;
        histories_.erase(at);  // a run of Skips
        size_ -= kPerClient;
    }
    std::vector<Range> ranges;
    while (part == Part::Deletion) {
        auto client = reader.client();
        for (; part == Part::Deletion && reader.client() == client; part = reader.next())
            if (reader.deletion().begin < reader.deletion().end) ranges.push_back(reader.deletion());
        if (ranges.empty()) continue;
        auto [at, first] = deleted_.try_emplace(client);
        size_ = size_ + (first ? kPerClient : 0) - at->second.size();
        added |= at->second.add(std::exchange(ranges, {}));
        size_ += at->second.size();
    }
    return added;
}

std::size_t Document::growth(std::string_view update) const {
    UpdateReader reader(update);
    std::size_t size = 0;
    std::uint64_t client = ~std::uint64_t{0};
    const History* history = nullptr;
    const RangeSet* deleted = nullptr;
    bool in_deletions = false;
    for (auto part = reader.next(); part == Part::Structure || part == Part::Deletion; part = reader.next()) {
        if (reader.client() != client || in_deletions != (part == Part::Deletion)) {
            client = reader.client();
            in_deletions = part == Part::Deletion;
            auto found = histories_.find(client);
            history = found == histories_.end() ? nullptr : &found->second;
            auto also = deleted_.find(client);
            deleted = also == deleted_.end() ? nullptr : &also->second;
            if (in_deletions ? !deleted : !history) size += kPerClient;
        }
        if (!in_deletions) {
            if (!history || reader.structure().end() > history->end())
                size += History::cost(reader.structure());
        } else if (reader.deletion().begin < reader.deletion().end &&
                   (!deleted || !deleted->covers(reader.deletion()))) {
            size += sizeof(Range);
        }
    }
    return size;
}

void Document::forget_deleted() {
    for (auto& [client, history] : histories_) {
        auto deleted = deleted_.find(client);
        if (deleted == deleted_.end()) continue;
        size_ -= history.size();
        history.forget(deleted->second.ranges());
        size_ += history.size();
    }
}

StateVector Document::state() const {
    StateVector state;
    for (const auto& [client, history] : histories_)
        if (history.end() > 0) state.emplace(client, history.end());
    return state;
}

std::string Document::diff(const StateVector& known) const {
    std::string runs;
    std::uint64_t count = 0;
    for (const auto& [client, history] : histories_) {
        auto at = known.find(client);
        count += history.append_run(runs, at == known.end() ? 0 : at->second);
    }
    std::string out;
    append_number(out, count);
    out += runs;
    append_number(out, deleted_.size());
    for (const auto& [client, set] : deleted_) {
        append_number(out, client);
        append_number(out, set.ranges().size());
        for (const auto& range : set.ranges()) {
            append_number(out, range.begin);
            append_number(out, range.end - range.begin);
        }
    }
    return out;
}

std::size_t Document::structs() const {
    std::size_t count = 0;
    for (const auto& [client, history] : histories_) count += history.structs();
    return count;
}

}  // namespace seance::signaling::sync
