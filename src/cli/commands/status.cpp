#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "cli/commands/status_table.hpp"
#include "cli/running.hpp"

namespace seance::cli {

namespace {

int status(Context& context) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local)
        return context.fail(kUsage, "NOT_LOCAL", "status knows environments of target local only");
    const local::StateFolder state{manifest->root};
    const auto view = running_stack(context, state);
    if (!view) return context.exit_code;
    context.result(context.json ? to_json(*view) + "\n" : print_status(*view, context.result_style()));
    return kDone;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
    app.add_subcommand("status", "What runs, how it is and where it is reached")->callback([&context] {
        context.exit_code = status(context);
    });
}

}  // namespace seance::cli
