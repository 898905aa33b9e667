#include "services/litellm/routing/tags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace seance::litellm {
namespace {

bool has(const Deployment& deployment, std::string_view tag) {
    return std::find(deployment.tags.begin(), deployment.tags.end(), tag) != deployment.tags.end();
}

}  // namespace

std::vector<bool> match_tags(std::span<const Option> options, std::span<const std::string> tags, bool any) {
    std::vector<bool> matching(options.size()), defaults(options.size());
    bool one_matches = false, one_is_default = false;
    for (std::size_t i = 0; i < options.size(); ++i) {
        auto& deployment = *options[i].deployment;
        auto wanted = [&](const std::string& tag) { return has(deployment, tag); };
        matching[i] = !tags.empty() && (any ? std::any_of(tags.begin(), tags.end(), wanted)
                                            : std::all_of(tags.begin(), tags.end(), wanted));
        defaults[i] = has(deployment, "default");
        one_matches = one_matches || matching[i];
        one_is_default = one_is_default || defaults[i];
    }
    if (one_matches) return matching;
    if (one_is_default || !tags.empty()) return defaults;
    return std::vector<bool>(options.size(), true);
}

ApiError tags_refused(std::span<const std::string> tags) {
    return {.status = 401,
            .message = fmt::format("Not allowed to access model due to tags configuration. Passed tags=[{}]",
                                   fmt::join(tags, ", ")),
            .type = "auth_error",
            .kind = ErrorClass::Authentication};
}

}  // namespace seance::litellm
