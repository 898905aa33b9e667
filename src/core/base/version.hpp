#pragma once
#include <string_view>

namespace seance {

// The git commit this program was built from (7 hex digits), or "unknown" outside a checkout.
std::string_view built_commit();

}  // namespace seance
