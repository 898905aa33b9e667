#include "services/signaling/sync/history.hpp"

#include <algorithm>
#include <utility>

namespace seance::signaling::sync {
namespace {

bool may_forget(std::uint8_t kind) {
    return kind == info::Json || kind == info::Binary || kind == info::Text || kind == info::Embed ||
           kind == info::Any;
}

}  // namespace

bool History::add(const StructView& s) {
    if (kind_of(s.info) == info::Skip || s.end() <= end()) return false;
    if (s.clock > end()) return put_ahead(s);
    if (s.clock == end())
        append(s);
    else
        append(view_of(without_first(client_, s, end() - s.clock)));
    catch_up();
    return true;
}

void History::append(const StructView& s) {
    if (!row_.empty() && extend(client_, row_.back(), s)) {
        size_ += s.content.size();
        return;
    }
    row_.push_back(copy_of(s));
    size_ += cost(s);
}

void History::catch_up() {
    while (!ahead_.empty() && ahead_.begin()->first <= end()) {
        auto node = ahead_.extract(ahead_.begin());
        auto s = view_of(node.mapped());
        size_ -= cost(s);
        if (s.end() > end()) append(view_of(without_first(client_, s, end() - s.clock)));
    }
}

// Only the parts of it that are not there yet.
bool History::put_ahead(const StructView& s) {
    bool added = false;
    auto at = s.clock;
    auto next = ahead_.upper_bound(at);
    if (next != ahead_.begin()) at = std::max(at, std::prev(next)->second.end());
    while (at < s.end()) {
        auto to = next == ahead_.end() ? s.end() : std::min(next->first, s.end());
        if (to > at) {
            auto piece = first_of(view_of(without_first(client_, s, at - s.clock)), to - at);
            size_ += cost(view_of(piece));
            ahead_.emplace_hint(next, at, std::move(piece));
            added = true;
        }
        if (next == ahead_.end()) break;
        at = next->second.end();
        ++next;
    }
    return added;
}

void History::forget(const std::vector<Range>& deleted) {
    auto row = std::exchange(row_, {});
    row_.reserve(row.size());
    auto range = deleted.begin();
    for (auto& s : row) {
        size_ -= cost(view_of(s));
        if (!may_forget(kind_of(s.info))) {
            append(view_of(s));
            continue;
        }
        // In parts that are deleted as a whole or not at all.
        for (auto at = s.clock; at < s.end();) {
            while (range != deleted.end() && range->end <= at) ++range;
            bool gone = range != deleted.end() && range->begin <= at;
            auto to = range == deleted.end() ? s.end() : std::min(s.end(), gone ? range->end : range->begin);
            auto part = first_of(view_of(without_first(client_, view_of(s), at - s.clock)), to - at);
            if (gone) {
                part.info = static_cast<std::uint8_t>((part.info & ~info::kKind) | info::Deleted);
                part.content = {};
            }
            append(view_of(part));
            at = to;
        }
    }
}

bool History::append_run(std::string& out, std::uint64_t start) const {
    auto row = std::upper_bound(row_.begin(), row_.end(), start,
                                [](std::uint64_t at, const Struct& s) { return at < s.end(); });
    auto first_ahead = ahead_.upper_bound(start);
    if (first_ahead != ahead_.begin() && std::prev(first_ahead)->second.end() > start) --first_ahead;

    std::uint64_t count = 0;
    auto begin = start;
    std::string body;
    auto write = [&](const Struct& s) {
        if (count == 0) {
            begin = std::max(start, s.clock);
        } else if (s.clock > start) {
            append_gc_or_skip(body, info::Skip, s.clock - start);
            ++count;
        }
        append_struct(body, client_, view_of(s), start > s.clock ? start - s.clock : 0);
        ++count;
        start = s.end();
    };
    for (; row != row_.end(); ++row) write(*row);
    for (; first_ahead != ahead_.end(); ++first_ahead) write(first_ahead->second);
    if (count == 0) return false;
    append_number(out, count);
    append_number(out, client_);
    append_number(out, begin);
    out += body;
    return true;
}

}  // namespace seance::signaling::sync
