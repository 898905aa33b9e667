#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/commands/commands.hpp"
#include "cli/usage.hpp"
#include "core/base/version.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    cli::Context context;
    CLI::App app{"Takes the stack of stack.yaml from a git commit to running."};
    app.name("seance");
    app.require_subcommand(1);
    app.fallthrough();  // global options are understood after the command too
    app.set_help_flag("-h,--help", "What there is, also of each command");
    app.set_version_flag("--version", std::string("seance ") + std::string(built_commit()),
                         "The commit this program was built from");
    app.add_option("--stack", context.stack_file,
                   "The stack's file; else stack.yaml here or in a folder above")
        ->type_name("FILE");
    app.add_option("-e,--env", context.environment, "Environment of the stack")
        ->type_name("ENV")
        ->capture_default_str();
    app.add_flag("--json", context.json, "The result as JSON on standard output");
    app.add_flag("-q,--quiet", context.quiet, "No progress on standard error");
    app.add_flag("-v,--verbose", context.verbose, "More progress");
    app.add_flag("--yes", context.yes, "Answer every question with yes");
    app.footer("`seance --help` lists the options that every command has.");  // what commands take over
    for (auto add :
         {cli::add_up,       cli::add_down,     cli::add_restart, cli::add_status, cli::add_logs,
          cli::add_verify,   cli::add_build,    cli::add_plan,    cli::add_deploy, cli::add_rehearse,
          cli::add_releases, cli::add_rollback, cli::add_domains, cli::add_cost,   cli::add_secrets,
          cli::add_doctor,   cli::add_keys,     cli::add_init,    cli::add_export, cli::add_version})
        add(app, context);
    app.footer(
        "Examples:\n  seance up                 run everything here\n  seance status --json      what runs, "
        "for programs\n"
        "  seance logs -f backend    what one service writes\n"
        "  seance verify             check it all from outside");

    std::vector<std::string> words(argv + 1, argv + argc);
    // Also where the line cannot be understood, so that a program gets its document.
    context.json = std::find(words.begin(), words.end(), "--json") != words.end();
    if (!words.empty() && words.front() == "help") {
        words.erase(words.begin());
        words.emplace_back("--help");
    }
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
        app.parse(std::move(words));
    } catch (const CLI::Success& asked) {  // --help, --version
        std::ostringstream text, none;
        app.exit(asked, text, none);
        context.result(text.str());
        return cli::kDone;
    } catch (const CLI::ParseError& error) {
        const auto [what, hint] = cli::explain_usage(app, error);
        return context.fail(cli::kUsage, "USAGE", what, hint);
    } catch (const std::exception& error) {
        return context.fail(cli::kFailed, "FAILED", error.what());
    }
    return context.exit_code;
}
