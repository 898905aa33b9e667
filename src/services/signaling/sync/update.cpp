#include "services/signaling/sync/update.hpp"

namespace seance::signaling::sync {

std::optional<StateVector> parse_state_vector(std::string_view text) {
    Lib0Reader in(text);
    StateVector state;
    for (auto n = in.number(); n > 0 && in.ok(); --n) {
        auto client = in.number();
        state[client] = in.number();
    }
    if (!in.finished()) return std::nullopt;
    return state;
}

std::string print_state_vector(const StateVector& state) {
    std::string out;
    append_number(out, state.size());
    for (auto [client, clock] : state) {
        append_number(out, client);
        append_number(out, clock);
    }
    return out;
}

UpdateReader::Part UpdateReader::next() {
    while (left_ == 0 && next_client()) {
    }
    if (!in_.ok()) return Part::Bad;
    if (left_ == 0) return in_.finished() ? Part::End : Part::Bad;
    --left_;
    if (!in_deletions_) {
        struct_ = read_struct(in_, struct_.end());
        return in_.ok() ? Part::Structure : Part::Bad;
    }
    range_.begin = in_.number();
    auto length = in_.number();
    if (!in_.ok() || length > kMostNumber - range_.begin) return Part::Bad;
    range_.end = range_.begin + length;
    return Part::Deletion;
}

// On to the next client's structs, or deletions after those; false after the last, or when it is no update.
bool UpdateReader::next_client() {
    while (runs_ == 0) {
        if (in_deletions_) return false;
        in_deletions_ = true;
        runs_ = in_.number();
    }
    --runs_;
    if (in_deletions_) {
        client_ = in_.number();
        left_ = in_.number();
    } else {
        left_ = in_.number();
        client_ = in_.number();
        struct_ = {};
        struct_.clock = in_.number();
    }
    return in_.ok();
}

bool is_update(std::string_view text) {
    UpdateReader reader(text);
    auto part = reader.next();
    while (part == UpdateReader::Part::Structure || part == UpdateReader::Part::Deletion)
        part = reader.next();
    return part == UpdateReader::Part::End;
}

}  // namespace seance::signaling::sync
