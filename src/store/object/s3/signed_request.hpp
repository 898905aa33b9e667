#pragma once
#include "net/http/client.hpp"
#include "store/object/s3/sigv4.hpp"

namespace seance::object {

// A request as it goes on the wire: `signable` with host, date and payload hash added to its headers, signed.
// `body` is what `signable.payload_hash` is the hash of.
http::Request signed_request(Signable signable, std::string body, const http::Origin& origin,
                             const Credentials& credentials, WallTime time);

}  // namespace seance::object
