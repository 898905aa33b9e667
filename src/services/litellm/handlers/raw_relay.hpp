#pragma once
#include <string>

#include "services/litellm/domain/upstream_link.hpp"
#include "services/litellm/handlers/pass_meter.hpp"

namespace seance::litellm {

// A request to another server whose answer goes back byte for byte.
struct RawCall {
    http::Url url;
    http::Request request;  // its target is that of the url
    Duration limit;         // for the head, and between two pieces
    std::string name;       // of the other server, in errors
    SharedLink link;
    std::unique_ptr<PassMeter> meter;
};

Awaitable<void> relay_raw(Gateway& gateway, http::Exchange& exchange, RawCall call);

}  // namespace seance::litellm
