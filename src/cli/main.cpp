#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"

namespace {

using namespace seance;

// The word that is no command, if that is what is wrong: so that a typo is answered with the nearest name.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--stack" || word == "-e" || word == "--env")
            ++i;
        else if (!word.starts_with('-'))
            return std::find(names.begin(), names.end(), word) != names.end()
                       ? std::string{}
                       : fmt::format("there is no command \"{}\"{}", word, did_you_mean(word, names));
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    cli::Context context;
    CLI::App app{"Takes the stack of stack.yaml from a git commit to running."};
    app.name("seance");
    app.require_subcommand(1);
    app.fallthrough();  // global options are understood after the command too
    app.set_version_flag("--version", std::string("seance ") + std::string(built_commit()));
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
    app.footer(
        "Examples:\n  seance up                 run everything here\n  seance status --json      what runs, "
        "for programs\n"
        "  seance logs -f --service backend\n  seance verify             check it all from outside");
    for (auto add : {cli::add_up, cli::add_down, cli::add_status, cli::add_logs, cli::add_verify,
                     cli::add_build, cli::add_plan, cli::add_deploy, cli::add_doctor, cli::add_keys, cli::add_init, cli::add_export, cli::add_version})
        add(app, context);

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        std::ostringstream text, none;
        app.exit(asked, text, none);
        context.result(text.str());
        return cli::kDone;
    } catch (const CLI::ParseError& error) {
        auto what = unknown_command(app, argc, argv);
        if (what.empty()) what = error.what();
        return context.fail(cli::kUsage, "USAGE", what, "seance --help lists what there is");
    }
    return context.exit_code;
}
