#include "platform/plan/keep_images.hpp"

#include "platform/plan/bookkeeping.hpp"

namespace seance::plan {

void keep_unchanged_images(Wanted& wanted, const Live& live) {
    for (auto& service : wanted.services) {
        const auto* now = live.service(service.name);
        if (!now || service.content.empty() || now->image.empty()) continue;
        if (now->variable(std::string(kContentVariable)) != service.content) continue;
        // Only if that variable speaks of the image that is configured.
        const auto commit = now->variable(std::string(kCommitVariable));
        if (commit.empty() || now->image.find(":" + commit) == std::string::npos) continue;
        service.image = now->image;
        service.commit = commit;
    }
}

}  // namespace seance::plan
