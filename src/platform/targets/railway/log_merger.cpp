#include "platform/targets/railway/log_merger.hpp"

namespace seance::railway {

// What tells two lines of one timestamp apart. Each part with its length, so that no two lines look alike.
std::string LogMerger::identity(const LogLine& line) {
    std::string out;
    auto add = [&](const std::string& part) { out += std::to_string(part.size()) + ':' + part; };
    add(line.message);
    add(line.severity);
    add(line.deployment.text());
    add(line.service.text());
    for (const auto& [key, value] : line.attributes) {
        add(key);
        add(value);
    }
    return out;
}

std::vector<LogLine> LogMerger::take(std::vector<LogLine> batch) {
    std::vector<LogLine> out;
    bool newer = false;
    for (auto& line : batch) {
        auto time = remote::parse_timestamp(line.timestamp);
        if (!time) {  // nothing to compare it with: better twice than lost
            out.push_back(std::move(line));
            continue;
        }
        auto who = identity(line);
        if (seen_until_) {
            if (*time < *seen_until_) continue;
            newer = newer || *time > *seen_until_;
            if (auto known = to_skip_.find(who); *time == *seen_until_ && known != to_skip_.end()) {
                to_skip_.erase(known);
                continue;
            }
        }
        if (!newest_ || *time > *newest_) {
            newest_ = time;
            newest_text_ = line.timestamp;
            at_newest_.clear();
        }
        if (*time == *newest_) at_newest_.insert(std::move(who));
        out.push_back(std::move(line));
    }
    // The repetitions are over: a line that comes late now is a line of its own.
    if (newer) seen_until_.reset();
    return out;
}

void LogMerger::reconnected() {
    seen_until_ = newest_;
    to_skip_ = at_newest_;
}

}  // namespace seance::railway
