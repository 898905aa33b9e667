#include "cli/running.hpp"

#include "platform/targets/local/control.hpp"

namespace seance::cli {

bool may_read(Context& context, const local::StateFolder& state) {
    const auto problem = state.closed_to_us();
    if (problem)
        context.exit_code = context.fail(kFailed, "NO_ACCESS", problem->what, "run seance as that user");
    return !problem;
}

std::optional<local::StackView> running_stack(Context& context, const local::StateFolder& state) {
    if (!may_read(context, state)) return std::nullopt;
    if (const auto answer = local::ask_control(state.control(), R"({"do":"status"})"))
        if (auto view = local::from_json(*answer)) return view;
    context.exit_code =
        local::RunLock::holder(state) != 0
            ? context.fail(kUnreachable, "NO_ANSWER", "the stack runs but does not answer",
                           "it may be starting or stopping: try again")
            : context.fail(kNotThere, "NOT_RUNNING", "the stack does not run here", "start it: seance up");
    return std::nullopt;
}

}  // namespace seance::cli
