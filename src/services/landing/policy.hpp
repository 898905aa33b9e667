#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seance::landing {

// Where the site's pages may talk to, as origins ("https://backend.example.com"). Empty: nowhere.
struct Origins {
    std::string backend, beholder, signaling, cdn;
};

// The origins of a product under a domain: https and wss, or http and ws where the domain is a local one
// ("seance.localhost:8080").
Origins origins_of(std::string_view public_domain);

// True for scheme://host[:port] and nothing behind it: what may stand in a policy without changing its
// meaning.
bool is_origin(std::string_view text);

// The Content-Security-Policy of the pages.
std::string content_security_policy(const Origins& origins, std::string_view frame_ancestors);

}  // namespace seance::landing
