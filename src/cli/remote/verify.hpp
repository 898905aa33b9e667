#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "cli/commands/checks.hpp"
#include "cli/remote/ingredients.hpp"
#include "cli/remote/outline.hpp"

namespace seance::cli {

// `seance verify` of an environment out in the world: everything that a stranger sees, against what the
// environment itself says should be there. It needs neither a build nor, for most checks, secrets.
class RemoteVerify {
  public:
    // Nothing, with the context's exit code set, if the environment cannot be reached at all.
    static std::unique_ptr<RemoteVerify> open(Context& context, const Manifest& manifest);

    // All checks at once. Where Railway cannot be asked, that is one that fails, and what is known of before
    // is compared with.
    std::vector<CheckResult> run();

  private:
    RemoteVerify(const Manifest& manifest, Secrets secrets, std::unique_ptr<Reach> reach)
        : manifest_(manifest), secrets_(std::move(secrets)), reach_(std::move(reach)) {}

    const Manifest& manifest_;
    Secrets secrets_;
    std::unique_ptr<Reach> reach_;
    std::string no_records_because_;
    std::optional<railway::Seen> seen_;
};

}  // namespace seance::cli
