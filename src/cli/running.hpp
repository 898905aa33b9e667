#pragma once
#include <optional>

#include "cli/context.hpp"
#include "platform/targets/local/state_folder.hpp"
#include "platform/targets/local/status.hpp"

namespace seance::cli {

// Whether this user may look at what runs here; if not, that is told and the context's exit code is set.
bool may_read(Context& context, const local::StateFolder& state);

// The stack that runs there, as it tells of itself, compared with the manifest; nothing if it does not
// answer.
std::optional<local::StackView> ask_stack(const Manifest& manifest);

// The same; if none runs, or it does not answer, that is told and the context's exit code is set.
std::optional<local::StackView> running_stack(Context& context, const Manifest& manifest);

// Says that stack.yaml has changed since that stack was started, if it has.
void note_change(const Context& context, const local::StackView& view);

}  // namespace seance::cli
