#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/log_printer.hpp"
#include "cli/log_reader.hpp"
#include "cli/remote/logs.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/running.hpp"
#include "cli/usage.hpp"
#include "core/base/text.hpp"

namespace seance::cli {

namespace {

constexpr std::size_t kMostLines = 1'000'000;

void keep_wanted(std::vector<LogEntry>& entries, const LogFilter& filter) {
    if (!filter.set()) return;
    std::erase_if(entries, [&](const LogEntry& entry) { return !filter.passes(parse_log_text(entry.text)); });
}

std::string print(const Context& context, const LogPrinter& printer, const std::vector<LogEntry>& entries) {
    std::string out;
    for (const auto& entry : entries) {
        const auto text = parse_log_text(entry.text);
        if (context.json)
            out += boost::json::serialize(boost::json::object{{"ts", entry.time},
                                                              {"type", "log"},
                                                              {"service", entry.service},
                                                              {"level", level_of(text)},
                                                              {"message", text.message},
                                                              {"attributes", attributes_of(text)},
                                                              {"line", entry.text}}) +
                   "\n";
        else
            out += printer.line(entry.time, entry.service, readable(text), level_of(text));
    }
    return out;
}

int logs(Context& context, const LogsOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (!options.filter.level.empty() && level_rank(options.filter.level) < 0)
        return context.fail(
            kUsage, "USAGE",
            fmt::format("--level is \"{}\"; give debug, info, warning or error", options.filter.level));
    if (manifest->environment.target != stack::TargetKind::Local)
        return remote_logs(context, *manifest, options);
    if (options.only_remote())
        return context.fail(kUsage, "USAGE", "--build and --deployment are for environments out in the world",
                            "as in: seance -e production logs --build");
    const auto all = names_of(manifest->stack);
    for (const auto& name : options.services)
        if (std::find(all.begin(), all.end(), name) == all.end())
            return context.fail(kNotThere, "NO_SERVICE",
                                fmt::format("there is no service {}{}", name, did_you_mean(name, all)),
                                fmt::format("there are {}", fmt::join(all, ", ")));
    const auto wanted = options.services.empty() ? all : options.services;
    std::string since;
    if (!options.since.empty()) {
        const auto parsed = parse_since(options.since, std::chrono::system_clock::now());
        if (!parsed)
            return context.fail(
                kUsage, "USAGE",
                fmt::format(
                    "--since is \"{}\"; give a time back such as 10m, or one such as 2026-11-24T06:47Z",
                    options.since));
        since = *parsed;
    }
    const local::StateFolder state{manifest->root};
    if (!may_read(context, state)) return context.exit_code;
    if (!std::filesystem::exists(state.logs()))
        return context.fail(kNotThere, "NO_LOGS", "nothing has run here yet", "start the stack: seance up");

    std::vector<LogFollower> followers;  // from before the first read, so that no line is missed
    if (options.follow)
        for (const auto& service : wanted) followers.emplace_back(state.logs(), service);
    const std::size_t most = options.lines != 0 ? options.lines : since.empty() ? 100 : kMostLines;
    std::vector<LogEntry> entries;
    for (const auto& service : wanted) {
        // What is filtered here is read in full.
        auto of_service = read_log(state.logs(), service, since, options.filter.set() ? kMostLines : most);
        keep_wanted(of_service, options.filter);
        entries.insert(entries.end(), std::make_move_iterator(of_service.begin()),
                       std::make_move_iterator(of_service.end()));
    }
    sort_by_time(entries);
    if (entries.size() > most)
        entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(most));
    const LogPrinter printer{context, all};
    context.result(print(context, printer, entries));

    while (options.follow) {
        std::vector<LogEntry> fresh;
        for (auto& follower : followers)
            for (auto& entry : follower.read_new()) fresh.push_back(std::move(entry));
        sort_by_time(fresh);
        keep_wanted(fresh, options.filter);
        if (!fresh.empty()) context.result(print(context, printer, fresh));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return kDone;
}

}  // namespace

void add_logs(CLI::App& app, Context& context) {
    auto options = std::make_shared<LogsOptions>();
    auto* command = app.add_subcommand("logs", "What the services have written");
    command->add_flag("-f,--follow", options->follow, "Go on with what comes, until Ctrl-C");
    command->add_option("-s,--service,SERVICE", options->services, "Only these services; else all")
        ->type_name("");
    command->add_option("--since", options->since, "Only from then on: 10m, 2h, or 2026-11-24T06:47Z")
        ->type_name("TIME");
    command
        ->add_option("-n,--lines", options->lines,
                     "Only the last so many lines; else 100, or all with --since")
        ->type_name("N")
        ->check(whole_number(1, kMostLines));
    command->add_flag("--build", options->build, "What building the latest deployments printed");
    command->add_option("--deployment", options->deployment, "Only of this deployment")->type_name("ID");
    command->add_option("--grep", options->filter.grep, "Only lines with this text")->type_name("TEXT");
    command
        ->add_option("--level", options->filter.level, "Only lines of this level and above: warning, error")
        ->type_name("LEVEL");
    command->callback([&context, options] { context.exit_code = logs(context, *options); });
}

}  // namespace seance::cli
