#pragma once
#include "net/aws/sigv4.hpp"
#include "net/http/client.hpp"

namespace seance::object {

using aws::Credentials;
using aws::Pairs;
using aws::Signable;
using aws::WallTime;

// A request as it goes on the wire: `signable` with host, date and payload hash added to its headers, signed.
// `body` is what `signable.payload_hash` is the hash of.
http::Request signed_request(Signable signable, std::string body, const http::Origin& origin,
                             const Credentials& credentials, WallTime time);

}  // namespace seance::object
