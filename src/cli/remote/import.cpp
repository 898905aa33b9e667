#include "cli/remote/import.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "cli/remote/environment.hpp"
#include "platform/plan/import.hpp"
#include "platform/stack/field_reader.hpp"
#include "platform/stack/parse.hpp"
#include "platform/stack/print.hpp"

namespace seance::cli {

namespace {

bool has_cloudflare() {
    const auto environment = process_environment();
    const auto token = environment.find("CLOUDFLARE_API_TOKEN");
    return token != environment.end() && !token->second.empty();
}

// What make_wanted() wants beside the stack: here, all as it is live.
plan::Ingredients as_live(const plan::Imported& imported, const plan::Live& live) {
    plan::Ingredients made;
    made.secrets.emplace();
    for (const auto& [service, names] : imported.secrets)
        for (const auto& name : names)
            if (const auto& text = live.service(service)->variables.at(name).text)
                (*made.secrets)[service][name] = *text;
    for (const auto& service : imported.stack.services) made.images[service.name] = {service.image, "", ""};
    return made;
}

struct Attempted {
    plan::Imported imported;
    std::vector<std::string> changes;
    bool good = false;
};

Attempted attempt(const plan::Live& live, const plan::ImportOptions& options) {
    Attempted made;
    made.imported = plan::import_stack(live, options);
    const auto& stack = made.imported.stack;
    const auto wanted = plan::make_wanted(stack, stack.environments.front(), as_live(made.imported, live));
    if (!wanted) {
        made.changes.push_back(wanted.error().what);
        return made;
    }
    const auto plan = plan::diff(*wanted, live);
    for (const auto& change : plan.changes) made.changes.push_back(change.id());
    for (const auto& conflict : plan.conflicts) made.changes.push_back(conflict);
    made.good = made.changes.empty();
    return made;
}

// Several stacks describe what is live; the one with the emptiest plan is the one that is meant.
Attempted best_of(const plan::Live& live, plan::ImportOptions options, bool dns) {
    std::optional<Attempted> best;
    for (const bool with_dns : {true, false})
        for (const bool all_settings : {true, false}) {
            if (with_dns && !dns) continue;
            options.dns = with_dns;
            options.all_settings = all_settings;
            auto made = attempt(live, options);
            if (made.good) return made;
            if (!best || made.changes.size() < best->changes.size()) best = std::move(made);
        }
    return std::move(*best);
}

std::string head_of(const ImportedFile& made, const std::string& environment) {
    std::string text = fmt::format(
        "# What was live in {} of {} on Railway when this was written. docs/seance.md explains each key.\n",
        environment, made.project);
    if (!made.secrets.empty())
        text += "# Names under `secrets` looked like secrets: their values belong into a secrets file.\n";
    return text;
}

}  // namespace

std::optional<ImportedFile> import_environment(Context& context, std::string project,
                                               const std::string& folder) {
    const auto refuse = [&](int code, std::string_view name, const std::string& what,
                            std::string_view hint = {}) {
        context.exit_code = context.fail(code, name, what, hint);
        return std::nullopt;
    };
    if (context.environment == "local")
        return refuse(kUsage, "USAGE", "which environment of the project is to be read is not said",
                      "seance -e production init --import --project NAME");
    if (!stack::is_name(context.environment))
        return refuse(kUsage, "USAGE",
                      fmt::format("\"{}\" is no name that stack.yaml can hold", context.environment),
                      "lower-case letters, digits and dashes: rename the environment in Railway's settings");
    Manifest manifest;
    manifest.root = folder;
    manifest.environment.name = context.environment;
    manifest.environment.target = stack::TargetKind::Railway;
    if (has_cloudflare()) manifest.environment.dns = stack::DnsKind::Cloudflare;
    auto reach = Reach::open(context, manifest, std::nullopt);
    if (!reach) return std::nullopt;
    if (project.empty()) {
        auto info = ask(context, *reach, reach->session().api.probe_credential(), "looking at the token");
        if (!info) return std::nullopt;
        project = info->project_name;
        if (project.empty())
            return refuse(kUsage, "USAGE",
                          "which project is to be read is not said, and the token reaches several",
                          "seance -e production init --import --project NAME");
    }
    manifest.environment.railway.project = project;
    auto seen =
        ask(context, *reach, railway::read_live(reach->session(), outline(manifest)), "reading what is live");
    if (!seen) return std::nullopt;
    if (seen->live.environment_id.empty())
        return refuse(kNotThere, "NOT_FOUND",
                      seen->live.project_id.empty()
                          ? fmt::format("Railway has no project {} that this token reaches", project)
                          : fmt::format("project {} has no environment {}", project, context.environment));

    plan::ImportOptions options;
    options.project = project;
    options.environment = context.environment;
    for (const auto& service : seen->state.services)
        if (service.image.empty() && !service.repo.empty()) options.from_repository.insert(service.name);
    const auto usual = fmt::format("deploy/secrets.{}.yaml", context.environment);
    std::error_code none;
    if (std::filesystem::exists(std::filesystem::path(folder) / usual, none)) options.secrets_file = usual;
    // Names and records, now that the hosts are known.
    if (reach->session().dns) {
        options.dns = true;
        auto first = plan::import_stack(seen->live, options);
        manifest.stack = std::move(first.stack);
        manifest.environment.domain = manifest.stack.environments.front().domain;
        seen = ask(context, *reach, railway::read_live(reach->session(), outline(manifest)),
                   "reading what is live");
        if (!seen) return std::nullopt;
    }
    auto chosen = best_of(seen->live, options, reach->session().dns != nullptr);
    ImportedFile made;
    const auto& stack = chosen.imported.stack;
    made.project = project;
    made.services = stack.services.size();
    made.secrets = std::move(chosen.imported.secrets);
    made.secrets_file = stack.environments.front().secrets_file;
    made.notes = std::move(chosen.imported.notes);
    made.changes = std::move(chosen.changes);
    if (reach->session().dns && stack.environments.front().dns == stack::DnsKind::None)
        made.notes.push_back(
            "its DNS records are not marked as seance's: write `dns: cloudflare` to hand them over");
    const auto body = stack::print_stack(stack);
    if (const auto parsed = stack::parse_stack(body); !parsed.problems.empty())
        return refuse(kFailed, "CANNOT_IMPORT",
                      fmt::format("what is live makes no valid stack.yaml: {}",
                                  print(parsed.problems.front(), "stack.yaml")));
    made.text = head_of(made, context.environment) + body;
    return made;
}

}  // namespace seance::cli
