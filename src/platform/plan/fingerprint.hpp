#pragma once
#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace seance::plan {

// Tells whether two values are equal without telling what they are: 12 hex digits of HMAC-SHA-256 under `key`
// (32 random bytes that belong to an environment). Equal values of different variables look different.
std::string fingerprint(const SecretText& key, std::string_view service, std::string_view name,
                        std::string_view value);

}  // namespace seance::plan
