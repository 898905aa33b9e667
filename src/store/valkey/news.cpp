#include "store/valkey/news.hpp"

#include <mutex>

namespace seance::valkey {

bool News::is_new(std::string_view server, Seen seen) {
    auto last = told_.find(server);
    if (last == told_.end()) {
        told_.emplace(server, seen);
        return true;
    }
    // Where nobody can connect, or one is lost, more that are lost say nothing else.
    bool same = last->second == seen || (seen == Seen::Lost && last->second == Seen::Unreachable);
    if (!same) last->second = seen;
    return !same;
}

bool is_news(std::string_view server, Seen seen) {
    static std::mutex mutex;  // taken where connections come and go, never for a command
    static News news;
    std::lock_guard lock(mutex);
    return news.is_new(server, seen);
}

}  // namespace seance::valkey
