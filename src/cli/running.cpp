#include "cli/running.hpp"

#include "platform/stack/print.hpp"
#include "platform/targets/local/control.hpp"

namespace seance::cli {

bool may_read(Context& context, const local::StateFolder& state) {
    const auto problem = state.closed_to_us();
    if (problem)
        context.exit_code = context.fail(kFailed, "NO_ACCESS", problem->what, "run seance as that user");
    return !problem;
}

std::optional<local::StackView> ask_stack(const Manifest& manifest) {
    const local::StateFolder state{manifest.root};
    const auto answer = local::ask_control(state.control(), R"({"do":"status"})");
    auto view = answer ? local::from_json(*answer) : std::nullopt;
    if (view && view->environment == manifest.environment.name && !view->fingerprint.empty())
        view->stack_changed = view->fingerprint != stack::fingerprint(manifest.stack, manifest.environment);
    return view;
}

std::optional<local::StackView> running_stack(Context& context, const Manifest& manifest) {
    const local::StateFolder state{manifest.root};
    if (!may_read(context, state)) return std::nullopt;
    if (auto view = ask_stack(manifest)) return view;
    context.exit_code =
        local::RunLock::holder(state) != 0
            ? context.fail(kUnreachable, "NO_ANSWER", "the stack runs but does not answer",
                           "it may be starting or stopping: try again")
            : context.fail(kNotThere, "NOT_RUNNING", "the stack does not run here", "start it: seance up");
    return std::nullopt;
}

void note_change(const Context& context, const local::StackView& view) {
    if (const auto advice = local::advice_on_change(view); !advice.empty())
        context.note(context.note_style().yellow("!") + " " + advice);
}

}  // namespace seance::cli
