#include "services/signaling/turn/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace seance::signaling::turn {
namespace {

bool is_ice_url(const std::string& url) {
    static constexpr std::array<std::string_view, 4> kSchemes{"turn:", "turns:", "stun:", "stuns:"};
    return std::any_of(kSchemes.begin(), kSchemes.end(),
                       [&](auto scheme) { return url.starts_with(scheme) && url.size() > scheme.size(); }) &&
           url.find_first_of(" \t\"\\") == std::string::npos;
}

}  // namespace

Settings read_settings(config::Reader& read) {
    Settings s;
    read(
        s.urls, "TURN_URLS",
        {.about =
             "TURN and STUN servers that GET /turn names, such as turn:turn.example.com:3478?transport=udp"});
    read(s.secret, "TURN_SECRET",
         {.about =
              "What the TURN server shares with us (coturn: static-auth-secret); GET /turn signs with it"});
    read(s.ttl, "TURN_TTL", {.about = "For how long credentials of GET /turn are good", .min = 60'000});
    read(s.max_per_minute, "TURN_MAX_PER_MINUTE",
         {.about = "Credentials for one address in a minute, for each thread; the next is answered 429",
          .min = 1});
    for (const auto& url : s.urls)
        if (!is_ice_url(url))
            read.problem(fmt::format(
                "TURN_URLS: \"{}\" is no URL of a TURN server; write turn:host:port or turns:host:port",
                url));
    if (s.urls.empty() != s.secret.empty())
        read.problem(fmt::format("{} is set without {}; GET /turn needs both",
                                 s.urls.empty() ? "TURN_SECRET" : "TURN_URLS",
                                 s.urls.empty() ? "TURN_URLS" : "TURN_SECRET"));
    return s;
}

}  // namespace seance::signaling::turn
