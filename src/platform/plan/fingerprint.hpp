#pragma once
#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace seance::plan {

// Tells whether two values are equal without telling what they are (secrets/fingerprint.hpp). `key` is any
// text; an environment's own is random.
std::string fingerprint(const SecretText& key, std::string_view service, std::string_view name,
                        std::string_view value);

}  // namespace seance::plan
