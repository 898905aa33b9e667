#include "cli/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "core/base/text.hpp"

namespace seance::cli {

namespace {

// More names than this are no help in a sentence; --help has them all.
constexpr std::size_t kMostListed = 6;

// The command that was written, down to its last known word.
std::vector<const CLI::App*> written(const CLI::App& app) {
    std::vector<const CLI::App*> path{&app};
    while (true) {
        const auto given = path.back()->get_subcommands();
        if (given.empty()) return path;
        path.push_back(given.back());
    }
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> options_of(const std::vector<const CLI::App*>& path) {
    std::vector<std::string> names;
    for (const auto* app : path)
        for (const auto* option : app->get_options())
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

}  // namespace

UsageProblem explain_usage(const CLI::App& app, const CLI::ParseError& error) {
    const auto path = written(app);
    auto command = path.front()->get_name();
    for (std::size_t i = 1; i < path.size(); ++i) command += " " + path[i]->get_name();
    UsageProblem problem{error.what(), command + " --help lists what there is"};

    const auto rest = app.remaining(true);
    const auto option =
        std::find_if(rest.begin(), rest.end(), [](const std::string& word) { return word.starts_with('-'); });
    const bool has_commands = !commands_of(*path.back()).empty();
    if (option != rest.end()) {
        const auto name = option->substr(0, option->find('='));
        problem.what =
            fmt::format("{} has no option {}{}", command, name, did_you_mean(name, options_of(path)));
    } else if (!rest.empty()) {
        problem.what = has_commands ? fmt::format("{} has no command \"{}\"{}", command, rest.front(),
                                                  did_you_mean(rest.front(), commands_of(*path.back())))
                                    : fmt::format("{} takes no argument \"{}\"", command, rest.front());
    } else if (has_commands) {
        const auto commands = commands_of(*path.back());
        problem.what = fmt::format("{} needs a command", command);
        if (commands.size() <= kMostListed) problem.what += fmt::format(": {}", fmt::join(commands, ", "));
    } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
        problem.what = fmt::format("{} needs a value", problem.what.substr(0, problem.what.find(':')));
    }
    return problem;
}

void tell_yes(CLI::App& command, std::string_view what) {
    command.footer(fmt::format("With --yes {}.\n{}", what, command.get_footer()));
}

void add_wait(CLI::App& command, Duration& wait) {
    const auto take = [&wait](const std::string& text) {
        const auto given = parse_duration(text);
        if (!given)
            throw CLI::ValidationError(fmt::format("--wait is \"{}\"; give a time such as 10m", text));
        wait = *given;
    };
    command
        .add_option_function<std::string>("--wait", take,
                                          "Wait so long for somebody else's deployment to end")
        ->type_name("TIME");
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto check = [least, most](const std::string& text) {
        const auto number = parse_number(text);
        return number && *number >= least && *number <= most
                   ? std::string{}
                   : fmt::format("\"{}\" is no whole number from {} to {}", text, least, most);
    };
    return CLI::Validator{check, ""};
}

}  // namespace seance::cli
