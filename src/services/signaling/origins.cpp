#include "services/signaling/origins.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::signaling {
namespace {

struct Parts {
    std::string_view scheme, rest;  // "https://", "seance.dev:8080"
};
Parts parts_of(std::string_view origin) {
    auto end = origin.find("://");
    if (end == std::string_view::npos) return {};
    return {origin.substr(0, end + 3), origin.substr(end + 3)};
}

bool matches(std::string_view entry, std::string_view origin) {
    if (entry == "*" || iequals(entry, origin)) return true;
    auto [scheme, rest] = parts_of(entry);
    auto [their_scheme, theirs] = parts_of(origin);
    if (!rest.starts_with("*.") || !iequals(scheme, their_scheme)) return false;
    auto tail = rest.substr(1);
    return theirs.size() > tail.size() && iequals(theirs.substr(theirs.size() - tail.size()), tail);
}

}  // namespace

std::string origin_problem(std::string_view entry) {
    if (entry == "*") return {};
    auto [scheme, rest] = parts_of(entry);
    if (rest.empty()) return "is no origin; write one with its scheme, such as https://seance.dev";
    if (rest.find_first_of("/?# ") != std::string_view::npos)
        return "has more than an origin; leave out what follows the host and port";
    if (rest.find('*') != std::string_view::npos &&
        (!rest.starts_with("*.") || rest.find('*', 1) != std::string_view::npos))
        return "may have one * only, as in https://*.seance.dev";
    if ((iequals(scheme, "https://") && rest.ends_with(":443")) ||
        (iequals(scheme, "http://") && rest.ends_with(":80")))
        return "names the port that browsers leave out of an origin, and would match no page; leave it out";
    return {};
}

bool origin_allowed(const std::vector<std::string>& entries, std::string_view origin) {
    if (entries.empty() || origin.empty()) return true;
    return std::any_of(entries.begin(), entries.end(),
                       [&](const std::string& entry) { return matches(entry, origin); });
}

}  // namespace seance::signaling
