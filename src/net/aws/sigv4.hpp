#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/secret.hpp"

// AWS Signature Version 4 (reference/backend.md section 4.2), as S3 and as all other services want it. No
// I/O, no clock.
namespace seance::aws {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using WallTime = std::chrono::system_clock::time_point;

struct Credentials {
    std::string id;
    SecretText secret;
    std::string region;
};

// What a signature covers. Nothing here is encoded yet: that is the signer's work, and once only.
struct Signable {
    std::string method;
    std::string path;          // "/bucket/a key"
    Pairs query;               // a parameter without value has ""
    Pairs headers;             // all that are to be signed, host among them
    std::string payload_hash;  // lower-case hex SHA-256 of the body, or kUnsignedPayload
    std::string service = "s3";
    bool path_is_encoded = false;  // for paths whose segments hold slashes
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

std::string amz_date(WallTime time);  // 20130524T000000Z

// The request's target in the very form that is signed: encoded path, sorted and encoded query.
std::string encoded_target(const Signable& request);

std::string canonical_request(const Signable& request);

// The value of the Authorization header. `request.headers` must hold x-amz-date with this time, and
// x-amz-content-sha256.
std::string authorization(const Signable& request, const Credentials& credentials, WallTime time);

// A target that anyone may use until `lifetime` (at most 7 days) has passed. `request.headers` holds host
// alone.
std::string presigned_target(Signable request, const Credentials& credentials, WallTime time,
                             std::chrono::seconds lifetime);

}  // namespace seance::aws
