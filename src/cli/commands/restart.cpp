#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/commands/status_table.hpp"
#include "cli/running.hpp"
#include "core/base/text.hpp"
#include "platform/targets/local/control.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;

// A little more than the service itself may take to stop and to start.
constexpr Duration kMargin = std::chrono::seconds(5);

const local::ServiceView* service_of(const local::StackView& view, const std::string& name) {
    const auto found = std::find_if(view.services.begin(), view.services.end(),
                                    [&](const auto& service) { return service.name == name; });
    return found == view.services.end() ? nullptr : &*found;
}

// Until a process other than `before` is healthy, with each change of state told.
bool wait_for_another(const Context& context, const Manifest& manifest, const std::string& name,
                      std::int64_t before, Duration limit) {
    std::string told;
    for (const auto end = Clock::now() + limit; Clock::now() < end;) {
        const auto view = ask_stack(manifest);
        const auto* now = view ? service_of(*view, name) : nullptr;
        if (now) {
            if (now->state != told && (now->pid != before || now->state != "healthy")) {
                told = now->state;
                context.note(print_change(context.note_style(), name, now->state,
                                          now->state == "starting" ? "" : now->detail));
            }
            if (now->state == "healthy" && now->pid != before) return true;
            if (now->state == "failed" || now->state == "stopped") return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

int restart(Context& context, const std::vector<std::string>& wanted) {
    const auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local)
        return context.fail(kUsage, "NOT_LOCAL",
                            fmt::format("environment {} does not run on this machine", context.environment));
    const auto view = running_stack(context, *manifest);
    if (!view) return context.exit_code;
    std::vector<std::string> all, names;  // in the order of their needs
    for (const auto& service : view->services) all.push_back(service.name);
    for (const auto& name : wanted)
        if (!service_of(*view, name))
            return context.fail(kNotThere, "NO_SERVICE",
                                fmt::format("there is no service {}{}", name, did_you_mean(name, all)),
                                fmt::format("there are {}", fmt::join(all, ", ")));
    for (const auto& name : all)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end())
            names.push_back(name);

    const local::StateFolder state{manifest->root};
    for (const auto& name : names) {
        const auto request = json::serialize(json::object{{"do", "restart"}, {"service", name}});
        const auto* declared = manifest->stack.service(name);
        const stack::Service usual;
        const auto& limits = declared ? *declared : usual;
        const auto answer = local::ask_control(state.control(), request);
        if (!answer)
            return context.fail(kUnreachable, "NO_ANSWER", "the stack runs but does not answer",
                                "it may be stopping: try again");
        if (answer->find("\"restarting\"") == std::string::npos)
            return context.fail(kFailed, "CANNOT_RESTART",
                                "the stack was started by an earlier seance, which cannot restart services",
                                "seance down, then seance up");
        if (!wait_for_another(context, *manifest, name, service_of(*view, name)->pid,
                              limits.stop_timeout + limits.start_limit() + kMargin))
            return context.fail(kFailed, "NOT_HEALTHY", fmt::format("{} has not become healthy", name),
                                fmt::format("seance logs {} says why", name));
    }
    if (context.json)
        context.result(json::serialize(json::object{{"schema", "seance.restart/1"},
                                                    {"restarted", json::array(names.begin(), names.end())}}) +
                       "\n");
    note_change(context, *view);
    return kDone;
}

}  // namespace

void add_restart(CLI::App& app, Context& context) {
    auto services = std::make_shared<std::vector<std::string>>();
    auto* command = app.add_subcommand("restart", "Start services of the running stack anew");
    command->add_option("-s,--service,SERVICE", *services, "Only these services; else all, one by one")
        ->type_name("");
    command->callback([&context, services] { context.exit_code = restart(context, *services); });
}

}  // namespace seance::cli
