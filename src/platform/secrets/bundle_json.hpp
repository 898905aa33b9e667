#pragma once
#include <string_view>

#include "platform/secrets/bundle.hpp"
#include "platform/secrets/failure.hpp"

namespace seance::secrets {

// Reads the plain tree that `sops decrypt --output-type json` prints: groups of names, and names outside of
// groups. Lists and mappings below that are kept by name and form, without their contents. Memory that held
// values on the way is wiped. A failure says where, never what stands there.
Outcome<Bundle> parse_bundle(std::string_view json);

}  // namespace seance::secrets
