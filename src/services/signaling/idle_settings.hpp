#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/signaling/settings.hpp"

namespace seance::signaling {

struct Idle {
    std::string name;
    std::string_view needs;         // without it the setting has none; or
    std::string_view overruled_by;  // this one is set, and does its work
};

// Settings that were given and do nothing, each with the one that is the reason: limits of documents while
// there is no SYNC, or SYNC_DIRECTORY where VALKEY_URL keeps them. Those that somebody would rely on, such as
// SYNC_DIRECTORY without SYNC, are problems instead.
std::vector<Idle> find_idle(const config::Sources& sources, const Settings& settings);

// A warning in the log for each.
void warn_of_idle(const std::vector<Idle>& found);

}  // namespace seance::signaling
