#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "cli/commands/status_table.hpp"
#include "cli/remote/outline.hpp"
#include "cli/remote/outside_checks.hpp"
#include "cli/remote/status_view.hpp"
#include "cli/running.hpp"
#include "cli/terminal/watch.hpp"

namespace seance::cli {

namespace {

constexpr Duration kLookAgainHere = std::chrono::seconds(1), kLookAgainOutside = std::chrono::seconds(5);

std::int64_t now_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// One look: a text for people, or a document. Nothing, with the context's exit code.
std::optional<std::string> look_here(Context& context, const Manifest& manifest) {
    const auto view = running_stack(context, manifest);
    if (!view) return std::nullopt;
    return context.json ? to_json(*view) + "\n" : print_status(*view, context.result_style());
}

std::optional<std::string> look_outside(Context& context, const Manifest& manifest, Reach& reach) {
    const auto wanted = outline(manifest, false);
    auto seen = look(context, reach, wanted);
    if (!seen) return std::nullopt;
    OutsideOptions options;
    options.declared = false;
    std::map<std::string, CheckResult> health;
    for (auto& result : check_outside(reach, manifest, Secrets{}, options))
        health[result.service] = std::move(result);
    const auto status = remote_status(wanted, *seen, health, now_seconds());
    return context.json ? to_json(status) + "\n" : print_status(status, context.result_style());
}

int status(Context& context, bool watch) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    const bool here = manifest->environment.target == stack::TargetKind::Local;
    std::unique_ptr<Reach> reach;
    if (!here && !(reach = Reach::open(context, *manifest, std::nullopt, false))) return context.exit_code;
    if (watch) end_on_signals();
    const bool terminal = watch && !context.json && ::isatty(STDOUT_FILENO) == 1;
    if (terminal) context.result("\x1b[2J");
    for (std::string before;;) {
        auto text = here ? look_here(context, *manifest) : look_outside(context, *manifest, *reach);
        if (!watch) {
            if (text) context.result(*text);
            return text ? kDone : context.exit_code;
        }
        // What cannot be seen now was told, and may be seen again.
        if (text && (terminal || *text != before)) context.result(redrawn(*text, terminal));
        if (text) before = std::move(*text);
        pause_for(here ? kLookAgainHere : kLookAgainOutside);
    }
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
    auto watch = std::make_shared<bool>(false);
    auto* command = app.add_subcommand("status", "What runs, how it is and where it is reached");
    command->add_flag("-w,--watch", *watch, "Look again and again, until Ctrl-C");
    command->callback([&context, watch] { context.exit_code = status(context, *watch); });
}

}  // namespace seance::cli
