#pragma once
#include "services/litellm/routing/choice.hpp"

namespace seance::litellm {

// Which options a request with these tags may use: those with one of its tags (or, unless `any`, all of
// them); if there are none, those tagged "default". Without tags: those tagged "default" if there are any,
// else all.
std::vector<bool> match_tags(std::span<const Option> options, std::span<const std::string> tags, bool any);

ApiError tags_refused(std::span<const std::string> tags);

}  // namespace seance::litellm
