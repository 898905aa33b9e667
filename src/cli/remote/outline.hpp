#pragma once
#include "cli/remote/reach.hpp"
#include "platform/plan/wanted.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::cli {

// What is to be looked at of an environment: its project, its services with their public names; neither
// images nor variables. `dns`: its records too.
plan::Wanted outline(const Manifest& manifest, bool dns);

// What is live of it. Nothing, with the context's exit code set, if that cannot be seen or is not there yet.
std::optional<railway::Seen> look(Context& context, Reach& reach, const plan::Wanted& outline);

// The first seven digits of a public answer's or an image's commit, as they are compared.
bool same_commit(std::string_view a, std::string_view b);

}  // namespace seance::cli
