#pragma once
#include <memory>
#include <optional>
#include <string>

#include "cli/remote/build.hpp"
#include "cli/remote/ingredients.hpp"
#include "platform/plan/plan_file.hpp"
#include "platform/targets/railway/apply.hpp"

namespace seance::cli {

// What `plan` and `deploy` both need: the manifest's wish for an environment out in the world, and what is
// there.
struct Prepared {
    Manifest manifest;
    Secrets secrets;
    std::unique_ptr<Reach> reach;
    std::optional<Build> build;
    plan::Wanted wanted;
    railway::Seen seen;
    plan::PlanFile file;  // of what is to be done
};

struct PrepareOptions {
    Need secrets = Need::Names;
    BuildOptions build;
    plan::DiffOptions diff;
    // Images of a plan that was made before, instead of building.
    const plan::PlanFile* from = nullptr;
    std::string offline;  // a snapshot to compare with instead of what is live
};

// The context's exit code is set when there is nothing. Conflicts are in the plan, not a failure.
std::unique_ptr<Prepared> prepare(Context& context, const PrepareOptions& options,
                                  const plan::Report& report);

std::vector<std::string> names_of(const stack::Stack& stack);  // of its services

// Refuses an environment of target local with a sentence; true if it did.
bool is_local(Context& context, const Manifest& manifest, std::string_view command);

}  // namespace seance::cli
