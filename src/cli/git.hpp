#pragma once
#include <string>

#include "core/base/result.hpp"

namespace seance::cli {

// The tag of images built from `revision` of the checkout that `folder` is in: the first seven digits of its
// commit.
Outcome<std::string> commit_tag(const std::string& folder, const std::string& revision);

}  // namespace seance::cli
