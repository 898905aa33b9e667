#pragma once
#include "platform/plan/live.hpp"

namespace seance::plan {

// A service whose new image is made of the same as the one that is configured keeps the old one, with its
// commit: nothing of it has changed, so it is not deployed.
void keep_unchanged_images(Wanted& wanted, const Live& live);

}  // namespace seance::plan
