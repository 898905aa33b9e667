#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "cli/commands/commands.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/remote/rehearsal.hpp"
#include "core/base/text.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::cli {

namespace {

struct RehearseOptions {
    RehearsalOptions rehearsal;
    std::vector<std::string> command;
};

struct Step {
    std::string name;
    std::vector<std::string> words;  // of seance
    bool changes_nothing = false;
};

// A deployment from nothing, and the proof that it is complete: what was declared is what is live, and
// deploying it once more does nothing.
const std::vector<Step> kSteps{
    {"plan", {"plan"}},
    {"deploy", {"deploy", "--yes"}},
    {"verify", {"verify"}},
    {"plan again: nothing is left to do", {"plan", "--exit-code"}},
    {"deploy again: nothing changes", {"deploy", "--yes"}, true},
};

std::string last_line(const std::string& output) {
    const auto lines = split(trim(output), '\n');
    return lines.empty() ? std::string{} : std::string(lines.back());
}

// Whether the last line of `deploy --json` says that nothing was done.
bool says_nothing_changed(const std::string& output) {
    const auto parsed = remote::parse_json(last_line(output));
    if (!parsed) return false;
    const remote::JsonView result(*parsed);
    return result["ok"].boolean().value_or(false) && result["changes"].items().empty() &&
           result["deployments"].items().empty();
}

std::vector<std::string> command_of(const Context& context, const Manifest& manifest, const Step& step) {
    std::error_code none;
    std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe", none).string(),
                                     "--stack", manifest.file, "-e", manifest.environment.name};
    if (context.verbose) command.emplace_back("-v");
    if (context.quiet) command.emplace_back("-q");
    command.insert(command.end(), step.words.begin(), step.words.end());
    if (step.changes_nothing) command.emplace_back("--json");
    return command;
}

int rehearse(Context& context, const RehearseOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (is_local(context, *manifest, "rehearse")) return context.exit_code;
    const auto& style = context.note_style();
    std::error_code none;
    const auto& kept = options.rehearsal.folder;
    const bool goes_on =
        !kept.empty() && std::filesystem::exists(std::filesystem::path(kept) / "secrets.env", none);
    context.note(style.dim("starting a registry, Railway, Cloudflare and Spaces on this machine"));
    auto rehearsal = Rehearsal::start(context, *manifest, options.rehearsal);
    if (!rehearsal) return context.exit_code;
    if (!options.command.empty()) {
        if (::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO))
            context.note(
                fmt::format("{} from here to the end of {} is a rehearsal: seance -e {} reaches emulators on "
                            "this machine "
                            "alone, {}; exit (Ctrl-D) leaves it",
                            style.yellow("!"), options.command.front(), manifest->environment.name,
                            kept.empty() ? "and all of it is gone afterwards"
                                         : fmt::format("whose state stays in {}", kept)));
        const auto ran = rehearsal->run(options.command, Rehearsal::Output::Shown);
        return ran.interrupted ? kInterrupted : ran.exit_code;
    }
    boost::json::array told;
    int exit_code = kDone;
    std::string failed;
    for (const auto& step : kSteps) {
        context.note("\n" + style.bold("» " + step.name) +
                     style.dim(fmt::format("  seance -e {} {}", manifest->environment.name,
                                           fmt::join(step.words, " "))));
        const auto output = step.changes_nothing ? Rehearsal::Output::Captured
                            : context.json       ? Rehearsal::Output::ToErrors
                                                 : Rehearsal::Output::Shown;
        const auto ran = rehearsal->run(command_of(context, *manifest, step), output);
        exit_code = ran.interrupted ? kInterrupted : ran.exit_code;
        if (exit_code == kDone && step.changes_nothing) {
            if (!says_nothing_changed(ran.output)) exit_code = kFailed;
            context.note(exit_code == kDone ? style.green("✔") + " no change, no deployment"
                                            : "it changed something: " + last_line(ran.output));
        } else if (exit_code != kDone && step.changes_nothing)
            context.note(last_line(ran.output));
        told.push_back(boost::json::object{{"step", step.name}, {"exit_code", exit_code}});
        if (exit_code == kDone) continue;
        failed = step.name;
        break;
    }
    rehearsal.reset();
    if (context.json) {
        context.result(boost::json::serialize(boost::json::object{{"schema", "seance.rehearse/1"},
                                                                  {"ok", exit_code == kDone},
                                                                  {"environment", manifest->environment.name},
                                                                  {"steps", std::move(told)}}) +
                       "\n");
        return exit_code;
    }
    if (exit_code == kDone)
        context.result(fmt::format("\n{} rehearsed: {} deploys {}, and a second time changes nothing\n",
                                   context.result_style().green("✔"), manifest->environment.name,
                                   goes_on ? fmt::format("onto what {} had kept", kept) : "from nothing"));
    else
        context.note(fmt::format("\n{} the rehearsal ended at: {}", style.red("✘"), failed));
    return exit_code;
}

}  // namespace

void add_rehearse(CLI::App& app, Context& context) {
    auto options = std::make_shared<RehearseOptions>();
    auto* command =
        app.add_subcommand("rehearse", "The whole deployment against emulators on this machine: no account");
    command
        ->add_option("--keep", options->rehearsal.folder, "Keep its state there; a later one goes on from it")
        ->type_name("FOLDER");
    command->add_option("--speed", options->rehearsal.speed, "Divide the platform's own waits by this")
        ->check(CLI::Range(0.1, 10000.0))
        ->capture_default_str();
    command->add_option("command", options->command,
                        "After --: run this among the emulators instead, such as a shell");
    command->positionals_at_end();
    command->callback([&context, options] { context.exit_code = rehearse(context, *options); });
}

}  // namespace seance::cli
