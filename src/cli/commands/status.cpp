#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "cli/commands/status_table.hpp"
#include "platform/targets/local/control.hpp"
#include "platform/targets/local/state_folder.hpp"

namespace seance::cli {

namespace {

int status(Context& context) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local)
        return context.fail(kUsage, "NOT_LOCAL", "status knows environments of target local only");
    const local::StateFolder state{manifest->root};
    const auto answer = local::ask_control(state.control(), R"({"do":"status"})");
    const auto view = answer ? local::from_json(*answer) : std::nullopt;
    if (view) {
        context.result(context.json ? *answer + "\n" : print_status(*view, context.result_style()));
        return kDone;
    }
    if (local::RunLock::holder(state) != 0)
        return context.fail(kUnreachable, "NO_ANSWER", "the stack runs but does not answer",
                            "it may be starting or stopping: try again");
    return context.fail(kNotThere, "NOT_RUNNING", "the stack does not run here", "start it: seance up");
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
    app.add_subcommand("status", "What runs, how it is and where it is reached")->callback([&context] {
        context.exit_code = status(context);
    });
}

}  // namespace seance::cli
