#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cli/commands/commands.hpp"
#include "cli/remote/confirm.hpp"
#include "cli/remote/environment.hpp"
#include "cli/remote/outside_checks.hpp"
#include "cli/remote/plan_print.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/terminal/steps.hpp"
#include "cli/terminal/table.hpp"
#include "cli/usage.hpp"
#include "core/base/count.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/plan/only_secrets.hpp"
#include "platform/secrets/drift.hpp"
#include "platform/secrets/secret_source.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;
using secrets::DriftState;

// The secrets of an environment, in its file and out there.
struct View {
    Manifest manifest;
    Secrets secrets;
    std::unique_ptr<Reach> reach;
    plan::Wanted wanted;
    plan::Live live;
    std::map<std::string, std::vector<std::string>> declared;  // by service
};

std::optional<View> look(Context& context, Need need) {
    auto manifest = context.manifest();
    if (!manifest || is_local(context, *manifest, "secrets")) return std::nullopt;
    View view;
    view.manifest = std::move(*manifest);
    auto read = read_secrets(context, view.manifest, need);
    if (!read) return std::nullopt;
    view.secrets = std::move(*read);
    for (const auto& warning : view.secrets.warnings) context.note("! " + warning);
    if (!view.secrets.locked_because.empty())
        context.note(fmt::format("! {}; names alone are compared", view.secrets.locked_because));
    view.reach = Reach::open(context, view.manifest, std::nullopt, false);
    if (!view.reach) return std::nullopt;
    plan::Ingredients ingredients;
    ingredients.secrets = view.secrets.values;
    ingredients.secret_names = view.secrets.names;
    put_over(ingredients, view.reach->addresses());
    auto asked_of_it = view.manifest.environment;
    for (const auto& [service, name] : view.secrets.absent) std::erase(asked_of_it.required[service], name);
    auto wanted = plan::make_wanted(view.manifest.stack, asked_of_it, ingredients);
    if (!wanted) {
        context.exit_code = context.fail(kBadConfig, "INCOMPLETE", wanted.error().what);
        return std::nullopt;
    }
    view.wanted = std::move(*wanted);
    view.wanted.dns = false;
    view.wanted.spaces.reset();
    for (const auto& service : view.manifest.stack.services)
        view.declared[service.name] = view.manifest.environment.secrets_of(service);
    auto seen = ask(context, *view.reach, railway::read_live(view.reach->session(), view.wanted),
                    "reading what is live");
    if (!seen) return std::nullopt;
    view.live = std::move(seen->live);
    return view;
}

// Both sides by fingerprint; an empty one is of a value that cannot be read.
std::vector<secrets::DriftRow> rows_of(const View& view) {
    secrets::Fingerprints wanted, live;
    for (const auto& service : view.wanted.services)
        for (const auto& [name, value] : service.variables)
            if (value.from_secret)
                wanted[service.name][name] = value.text && !view.live.fingerprint_key.reveal().empty()
                                                 ? plan::fingerprint(view.live.fingerprint_key, service.name,
                                                                     name, value.text->reveal())
                                                 : std::string{};
    for (const auto& service : view.live.services) {
        const auto* declared = view.wanted.service(service.name);
        if (!declared) continue;  // nobody's of ours
        for (const auto& [name, variable] : service.variables) {
            const auto known = declared->variables.find(name);
            const bool plain = known != declared->variables.end() && !known->second.from_secret;
            if (plain || plan::is_bookkeeping(name)) continue;
            live[service.name][name] = variable.fingerprint;
        }
    }
    auto rows = secrets::drift(wanted, live);
    for (const auto& [service, name] : view.secrets.absent) {
        auto at = std::find_if(rows.begin(), rows.end(), [&, &s = service, &n = name](const auto& row) {
            return std::tie(row.service, row.name) >= std::tie(s, n);
        });
        if (at == rows.end() || at->service != service || at->name != name)
            at = rows.insert(at, {service, name});
        at->state = DriftState::Absent;
    }
    return rows;
}

std::string_view word(DriftState state) {
    return state == DriftState::Changed ? "drifted" : secrets::name_of(state);
}

std::string what_to_do(const View& view, const secrets::DriftRow& row) {
    const auto& environment = view.manifest.environment.name;
    switch (row.state) {
        case DriftState::Missing:
            return fmt::format("{} of {} is in the file and not live: seance -e {} secrets apply", row.name,
                               row.service, environment);
        case DriftState::Changed:
            return fmt::format(
                "{} of {} is live with another value than the file's: seance -e {} secrets "
                "apply, or correct the file",
                row.name, row.service, environment);
        case DriftState::Extra:
            return fmt::format(
                "{} of {} is live and nobody declares it, or the file has no such secret: add it "
                "to the file, or remove it there",
                row.name, row.service);
        case DriftState::Absent:
            return fmt::format("{} requires {} of {}, and {} does not have it: {}", environment, row.name,
                               row.service, view.manifest.environment.secrets_file,
                               secrets::how_to_edit(view.manifest.environment.secrets_file));
        case DriftState::Same:
        case DriftState::Unknown:
            break;
    }
    return {};
}

bool is_live_there(const View& view, const secrets::DriftRow& row) {
    const auto* service = view.live.service(row.service);
    return service != nullptr && service->variables.contains(row.name);
}

bool is_required(const View& view, const secrets::DriftRow& row) {
    return view.manifest.environment.requires_secret(row.service, row.name);
}

int show(Context& context, const View& view, bool check) {
    const auto rows = rows_of(view);
    const auto differs = [](const secrets::DriftRow& row) {
        return row.state != DriftState::Same && row.state != DriftState::Unknown;
    };
    const bool good = std::none_of(rows.begin(), rows.end(), differs);
    const bool locked = !view.secrets.values;
    const int code = good || !check ? kDone : kCheckFailed;
    if (context.json) {
        json::array list;
        for (const auto& row : rows)
            list.push_back(json::object{{"service", row.service},
                                        {"name", row.name},
                                        {"required", is_required(view, row)},
                                        {"state", word(row.state)},
                                        {"file", row.wanted},
                                        {"live", row.live}});
        context.result(json::serialize(json::object{{"schema", "seance.secrets/1"},
                                                    {"environment", view.manifest.environment.name},
                                                    {"ok", good},
                                                    {"locked", locked},
                                                    {"secrets", std::move(list)}}) +
                       "\n");
        return code;
    }
    Table table({"", "SERVICE", "NAME", "", "FILE", "LIVE", "STATE"});
    std::string below;
    std::size_t same = 0, unknown = 0;
    for (const auto& row : rows) {
        same += row.state == DriftState::Same ? 1 : 0;
        unknown += row.state == DriftState::Unknown ? 1 : 0;
        if (check && !differs(row)) continue;
        const bool absent = row.state == DriftState::Absent;
        const bool in_file = row.state != DriftState::Extra && !absent;
        const bool is_live = absent ? is_live_there(view, row) : row.state != DriftState::Missing;
        const auto print = [](bool there, const std::string& text) {
            return !there ? std::string("-") : text.empty() ? std::string("there") : text;
        };
        table.add({differs(row)                    ? "✘"
                   : row.state == DriftState::Same ? "✔"
                                                   : "?",
                   row.service, row.name, is_required(view, row) ? "required" : "",
                   print(in_file, row.wanted), print(is_live, row.live), std::string(word(row.state))},
                  0, differs(row) ? &Style::red : &Style::green);
        if (check) below += fmt::format("✘ {}\n", what_to_do(view, row));
    }
    std::string out;
    if (!check || !good) out = table.print(context.result_style()) + (below.empty() ? "" : "\n" + below);
    if (check && good)
        out = locked ? fmt::format(
                           "✔ the same {} live as in the file, which is locked: values were not "
                           "compared\n",
                           count(rows.size(), "name"))
                     : fmt::format("✔ {} live as {} in the file{}\n", count(same, "secret is", "secrets are"),
                                   same == 1 ? "it is" : "they are",
                                   unknown == 0 ? "" : fmt::format("; {} could not be compared", unknown));
    context.result(out);
    return code;
}

int list(Context& context, bool check) {
    auto view = look(context, Need::Review);
    return view ? show(context, *view, check) : context.exit_code;
}

void tell_applied(const Context& context, const plan::Plan& plan, const railway::Applied& applied,
                  bool deploy, const std::vector<std::string>& absent) {
    std::vector<std::string> written, removed;
    std::size_t writes = 0;
    json::array changes, deployments;
    for (const auto& change : plan.changes) {
        if (change.kind != plan::Kind::Variable) continue;
        const bool gone = change.action == plan::Action::Delete;
        writes += gone ? 0 : 1;
        auto& services = gone ? removed : written;
        changes.push_back(json::object{
            {"action", name(change.action)}, {"service", change.service}, {"name", change.item}});
        if (std::find(services.begin(), services.end(), change.service) == services.end())
            services.push_back(change.service);
    }
    for (const auto& one : applied.deployments)
        deployments.push_back(json::object{{"service", one.service}, {"id", one.deployment}});
    const bool needed = !deploy && plan.deployments() > 0;
    if (context.json) {
        json::array missing(absent.begin(), absent.end());
        context.result(json::serialize(json::object{{"type", "result"},
                                                    {"schema", "seance.secrets-apply/1"},
                                                    {"ok", true},
                                                    {"changes", std::move(changes)},
                                                    {"deployments", std::move(deployments)},
                                                    {"deploy_needed", needed},
                                                    {"not_deployed", std::move(missing)}}) +
                       "\n");
        return;
    }
    const auto& style = context.result_style();
    std::string out;
    if (plan.empty()) out = fmt::format("{} every secret is live as it is in the file\n", style.green("✔"));
    const auto tell = [&](std::size_t number, std::string_view done,
                          const std::vector<std::string>& services) {
        if (number > 0)
            out += fmt::format("{} {} {} {}\n", style.green("✔"), count(number, "secret"), done,
                               fmt::join(services, ", "));
    };
    tell(writes, "written to", written);
    tell(changes.size() - writes, "removed from", removed);
    if (needed)
        out += fmt::format(
            "{} what runs still has the old ones: seance -e {} secrets apply --deploy, or the "
            "next deploy\n",
            style.yellow("!"), plan.environment);
    for (const auto& service : absent)
        out += fmt::format("{} {} is not there yet; it gets its secrets when it is deployed\n",
                           style.yellow("!"), service);
    context.result(out);
}

// What goes cannot be brought back from here: it is told, and asked for. False with the context's exit code.
bool may_remove(Context& context, const plan::Plan& plan, const std::string& file) {
    std::vector<std::string> gone;
    for (const auto& change : plan.changes)
        if (change.kind == plan::Kind::Variable && change.action == plan::Action::Delete) {
            gone.push_back(change.item);
            context.note(
                fmt::format("- {} of {} would be removed: {}", change.item, change.service, change.reason));
        }
    return gone.empty() || confirm(context, fmt::format("Remove {}?", fmt::join(gone, ", ")),
                                   fmt::format("correct {}, or give --yes if they are to go", file));
}

// What each service was started with, of the variables that are or may be secrets of it.
std::optional<plan::StartedWith> started_with(Context& context, const View& view) {
    std::vector<railway::DeploymentId> ids;
    std::set<std::string> names;
    for (const auto& service : view.live.services) {
        const auto& one = service.running ? service.running : service.deployment;
        if (one) ids.emplace_back(one->id);
    }
    for (const auto& service : view.wanted.services)
        for (const auto& [name, value] : service.variables)
            if (value.from_secret) names.insert(name);
    for (const auto& [service, declared] : view.declared) names.insert(declared.begin(), declared.end());
    auto& session = view.reach->session();
    auto kept = ask(context, *view.reach,
                    session.api.deployment_variables(std::move(ids), {names.begin(), names.end()}),
                    "reading what runs");
    if (!kept) return std::nullopt;
    plan::StartedWith made;
    for (const auto& service : view.live.services) {
        const auto& one = service.running ? service.running : service.deployment;
        if (!one) continue;
        if (const auto found = kept->find(railway::DeploymentId(one->id)); found != kept->end())
            made[service.name] = std::move(found->second);
    }
    return made;
}

int apply(Context& context, bool deploy, Duration wait) {
    auto view = look(context, Need::Values);
    if (!view) return context.exit_code;
    if (view->live.environment_id.empty())
        return context.fail(
            kNotThere, "NOT_DEPLOYED", fmt::format("{} is not there yet", view->manifest.environment.name),
            fmt::format("seance -e {} deploy brings the secrets along", view->manifest.environment.name));
    std::optional<plan::StartedWith> started;
    if (deploy && !(started = started_with(context, *view))) return context.exit_code;
    auto only = plan::only_secrets(view->wanted, view->live, view->declared, started ? &*started : nullptr);
    const auto plan = plan::diff(only.wanted, view->live);
    if (!plan.conflicts.empty())
        return context.fail(kRefused, "CONFLICT", fmt::format("{}", fmt::join(plan.conflicts, "\n")));
    if (!may_remove(context, plan, view->manifest.environment.secrets_file)) return context.exit_code;
    Steps steps{context};
    railway::Applied applied;
    if (!plan.empty()) {
        auto& reach = *view->reach;
        railway::ApplyOptions options;
        options.report = steps.report();
        options.owner = owner();
        options.command = context.command();
        options.lock_patience = wait;
        options.deploy = deploy;
        hurry(options, reach.addresses());
        reach.leave_on_signals(context, "run the same command again to complete it");
        auto done = run_on(reach.loop(), railway::apply(reach.session(), only.wanted, std::move(options)));
        if (!done) return kInterrupted;
        if (!*done) return fail(context, done->error());
        applied = std::move(**done);
    }
    tell_applied(context, plan, applied, deploy, only.absent);
    return kDone;
}

}  // namespace

void add_secrets(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("secrets", "Secrets by name and fingerprint; values are never shown");
    command->require_subcommand(1);
    command->add_subcommand("list", "What the file has, and what is live")->callback([&context] {
        context.exit_code = list(context, false);
    });
    command->add_subcommand("check", "What is missing, extra or of another value out there")
        ->callback([&context] { context.exit_code = list(context, true); });
    auto deploy = std::make_shared<bool>(false);
    auto wait = std::make_shared<Duration>(0);
    auto* writes = command->add_subcommand("apply", "Write what differs, without a deployment");
    writes->add_flag("--deploy", *deploy,
                     "Then deploy the services concerned, with the images that they run");
    add_wait(*writes, *wait);
    writes->callback([&context, deploy, wait] { context.exit_code = apply(context, *deploy, *wait); });
}

}  // namespace seance::cli
