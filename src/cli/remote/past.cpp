#include "cli/remote/past.hpp"

#include "cli/remote/run_on.hpp"
#include "platform/targets/railway/read_history.hpp"

namespace seance::cli {

std::optional<std::vector<releases::Release>> read_releases(Context& context, Reach& reach,
                                                            const railway::Whereabouts& where) {
    auto past = run_on(reach.loop(), railway::read_past(reach.session(), where.project, where.environment));
    if (!past) {
        context.exit_code = kInterrupted;
        return std::nullopt;
    }
    if (!*past) {
        context.exit_code = fail(context, plan::trouble_of(past->error(), "reading deployments"));
        return std::nullopt;
    }
    return releases::make_history(std::move(**past));
}

}  // namespace seance::cli
