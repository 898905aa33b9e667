#pragma once
#include <memory>
#include <string>

namespace seance::litellm {

// How upstreams are connected to: whose certificates are believed, over which kind of addresses.
struct UpstreamLink {
    bool verify = true;        // false: whoever answers is believed
    std::string certificates;  // PEM; "" = the system's
    bool ipv4_only = false;
    std::string id;  // equal for links that are alike
};
using SharedLink = std::shared_ptr<const UpstreamLink>;

}  // namespace seance::litellm
