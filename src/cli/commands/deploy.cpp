#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "cli/commands/commands.hpp"
#include "cli/remote/confirm.hpp"
#include "cli/remote/outside_checks.hpp"
#include "cli/remote/plan_print.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/remote/run_on.hpp"
#include "cli/terminal/steps.hpp"
#include "cli/usage.hpp"

namespace seance::cli {

namespace {

struct DeployOptions {
    PrepareOptions prepare;
    std::string plan_file;
    bool no_auto_rollback = false, detach = false, no_verify = false, confirm_destructive = false;
    Duration wait{0};  // for the deploy lock
};

// Reads a plan that was reviewed; sets `made` to what it says. False with the context's exit code.
bool read_plan(Context& context, const std::string& path, plan::PlanFile& made) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        const auto manifest = context.manifest();
        if (!manifest) return false;
        const auto hint = manifest->stack.service(path)
                              ? fmt::format("{} is a service; deploy it alone with: {} deploy --service {}",
                                            path, context.command(), path)
                              : fmt::format("make one with {} plan -o FILE", context.command());
        context.exit_code =
            context.fail(kNotThere, "NO_PLAN", fmt::format("there is no plan {} to be read", path), hint);
        return false;
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto parsed = plan::parse_plan_file(text);
    if (!parsed) {
        context.exit_code =
            context.fail(kBadConfig, "BAD_PLAN", fmt::format("{}: {}", path, parsed.error().what));
        return false;
    }
    if (parsed->plan.environment != context.environment) {
        context.exit_code =
            context.fail(kUsage, "OTHER_ENVIRONMENT",
                         fmt::format("{} is a plan for {}, not for {}", path, parsed->plan.environment,
                                     context.environment),
                         fmt::format("seance -e {} deploy {}", parsed->plan.environment, path));
        return false;
    }
    made = std::move(*parsed);
    return true;
}

// False with the context's exit code: not confirmed.
bool may_carry_out(Context& context, const plan::Plan& plan, bool confirm_destructive) {
    if (plan.destroys() && !confirm_destructive) {
        context.exit_code = context.fail(kRefused, "DESTRUCTIVE", "the plan destroys something",
                                         "if that is meant, give --confirm-destructive as well");
        return false;
    }
    return confirm(context, "Carry it out?",
                   fmt::format("give --yes, or review it first: {0} plan -o FILE, then {0} deploy FILE",
                               context.command()));
}

void tell_end(const Context& context, const Prepared& prepared, const railway::Applied& applied,
              double seconds) {
    if (context.json) {
        boost::json::array deployments, changes;
        for (const auto& one : applied.deployments)
            deployments.push_back(
                boost::json::object{{"service", one.service}, {"id", one.deployment}, {"image", one.image}});
        for (const auto& id : applied.changes) changes.emplace_back(id);
        context.result(
            boost::json::serialize(boost::json::object{{"type", "result"},
                                                       {"schema", "seance.deploy/1"},
                                                       {"ok", true},
                                                       {"environment", prepared.wanted.environment},
                                                       {"commit", prepared.wanted.commit},
                                                       {"changes", std::move(changes)},
                                                       {"deployments", std::move(deployments)},
                                                       {"seconds", seconds}}) +
            "\n");
        return;
    }
    const auto& style = context.result_style();
    std::string out = fmt::format("\n{} {} runs {} ({:.1f} s)\n", style.green("✔"),
                                  prepared.wanted.environment, style.bold(prepared.wanted.commit), seconds);
    for (const auto& service : prepared.wanted.services)
        for (const auto& domain : service.domains) out += fmt::format("  https://{}\n", domain.host);
    auto hints = fmt::format("  logs: {} logs -f", context.command());
    if (const auto before = prepared.seen.live.release().commit;
        !before.empty() && before != prepared.wanted.commit)
        hints += fmt::format("    back to {}: {} rollback", before, context.command());
    out += style.dim(hints + "\n");
    context.result(out);
}

// What is out there after checks that failed: no deployment did.
void tell_unverified(const Context& context, const Prepared& prepared, bool only_names) {
    const auto command = context.command();
    if (only_names) {
        context.note(fmt::format(
            "{} {} runs {}; what is missing is DNS, and the records above lead to it once they are written",
            context.note_style().yellow("!"), prepared.wanted.environment, prepared.wanted.commit));
        context.note(
            fmt::format("  the records and how they stand: {0} domains    then: {0} verify", command));
        return;
    }
    context.note(
        fmt::format("{} {} runs {} all the same: its deployments are healthy for Railway, so nothing was "
                    "rolled back",
                    context.note_style().yellow("!"), prepared.wanted.environment, prepared.wanted.commit));
    context.note(fmt::format(
        "  look again: {0} verify    logs: {0} logs --level warning    back: {0} rollback", command));
}

// Of a plan that was reviewed and what it would be now, the first few things that differ.
std::string what_changed(const plan::PlanFile& reviewed, const plan::PlanFile& now) {
    constexpr std::size_t kMostTold = 5;
    std::vector<std::string> told;
    if (reviewed.plan.commit != now.plan.commit)
        told.push_back(fmt::format("the commit ({}, now {})", reviewed.plan.commit, now.plan.commit));
    if (reviewed.secrets_sha256 != now.secrets_sha256) told.emplace_back("the secrets file");
    const auto compare = [&](const plan::Plan& a, const plan::Plan& b, std::string_view how) {
        for (const auto& change : a.changes) {
            const auto* other = b.find(change.id());
            if (!other)
                told.push_back(fmt::format("{} {}", change.id(), how));
            else if (how == "is new" && (other->before != change.before || other->after != change.after))
                told.push_back(change.id() + " is another");
        }
    };
    compare(now.plan, reviewed.plan, "is new");
    compare(reviewed.plan, now.plan, "is gone");
    if (told.empty()) return "stack.yaml, or what is live";
    if (told.size() > kMostTold) {
        const auto more = told.size() - kMostTold;
        told.resize(kMostTold);
        told.push_back(fmt::format("and {} more", more));
    }
    return fmt::format("{}", fmt::join(told, ", "));
}

// The images of the plan into the registry, once it is decided. They are built again, which takes a second
// and gives the same bytes; those of a commit that is not checked out have to be there. False with the exit
// code set.
bool push_images(Context& context, const Prepared& prepared, const DeployOptions& options,
                 const plan::Report& report) {
    auto& reach = *prepared.reach;
    auto push = options.prepare.build;
    push.push = true;
    if (options.prepare.from) push.commit = prepared.file.plan.commit;
    const auto built = build_images(context, prepared.manifest, reach.loop(), reach.client(),
                                    reach.addresses(), push, report);
    if (!built) return false;
    for (const auto& [service, image] : built->images()) {
        // A third party's digest is in the plan: where its tag has gone since is no matter.
        if (const auto* declared = prepared.manifest.stack.service(service);
            !declared || !declared->image.empty())
            continue;
        const auto planned = prepared.file.images.find(service);
        if (planned == prepared.file.images.end() || planned->second.reference == image.reference) continue;
        context.exit_code = context.fail(
            kRefused, "OTHER_IMAGE",
            fmt::format("the image of {} is {} now, and {} in the plan", service, image.reference,
                        planned->second.reference),
            "something it is made of has changed since (a tag, a system library): make the plan again");
        return false;
    }
    return true;
}

int deploy(Context& context, DeployOptions& options) {
    const auto begun = Clock::now();
    plan::PlanFile reviewed;
    if (!options.plan_file.empty()) {
        if (!read_plan(context, options.plan_file, reviewed)) return context.exit_code;
        options.prepare.from = &reviewed;
    }
    options.prepare.secrets = Need::Values;
    options.prepare.build.only_service = options.prepare.diff.only_service;
    // Nothing leaves this machine before it is decided; an engine knows its digests only after a push.
    const bool pushes_first = context.yes || options.prepare.build.builder == "docker";
    options.prepare.build.push = pushes_first;
    Steps steps{context};
    const auto report = steps.report();
    auto prepared = prepare(context, options.prepare, report);
    if (!prepared) return context.exit_code;
    const auto& plan = prepared->file.plan;
    if (options.prepare.from) {
        if (prepared->file.etag() != reviewed.etag())
            return context.fail(kRefused, "STALE_PLAN",
                                fmt::format("{} is stale: what it was made from has changed since: {}",
                                            options.plan_file, what_changed(reviewed, prepared->file)),
                                fmt::format("look at it and make it again: {} plan -o {}", context.command(),
                                            options.plan_file));
    } else if (!context.json)
        context.note(print_plan(plan, prepared->build ? prepared->build->commit.subject : "",
                                context.note_style(), context.verbose));
    if (!plan.conflicts.empty())
        return context.fail(kRefused, "CONFLICT", fmt::format("{}", fmt::join(plan.conflicts, "\n")),
                            "nothing was changed");
    if (!plan.empty() && !options.prepare.from && !may_carry_out(context, plan, options.confirm_destructive))
        return context.exit_code;

    if ((options.prepare.from || !pushes_first) && !plan.empty() &&
        !push_images(context, *prepared, options, report))
        return context.exit_code;
    auto& reach = *prepared->reach;
    railway::ApplyOptions apply_options;
    apply_options.diff = options.prepare.diff;
    apply_options.report = report;
    apply_options.owner = owner();
    apply_options.command = context.command();
    apply_options.lock_patience = options.wait;
    apply_options.auto_rollback = !options.no_auto_rollback;
    apply_options.wait = !options.detach;
    apply_options.tell_records = prepared->manifest.environment.dns == stack::DnsKind::None;
    apply_options.registry_login = registry_login(prepared->secrets);
    hurry(apply_options, reach.addresses());
    reach.leave_on_signals(
        context,
        fmt::format("deployments that were started go on: see {} status; run the same command again to "
                    "complete this one",
                    context.command()));
    auto applied =
        run_on(reach.loop(), railway::apply(reach.session(), prepared->wanted, std::move(apply_options)));
    if (!applied) return kInterrupted;
    if (!*applied) return fail(context, applied->error());
    if (!options.no_verify && !options.detach) {
        const auto verified = verify_outside(context, *prepared, report);
        if (verified.exit_code == kCheckFailed) tell_unverified(context, *prepared, verified.only_names);
        if (verified.exit_code != kDone) return verified.exit_code;
    }
    tell_end(context, *prepared, **applied, std::chrono::duration<double>(Clock::now() - begun).count());
    return kDone;
}

}  // namespace

void add_deploy(CLI::App& app, Context& context) {
    auto options = std::make_shared<DeployOptions>();
    auto& o = *options;
    auto* command =
        app.add_subcommand("deploy", "Build, push and run a commit; wait until it is healthy; verify it");
    command->add_option("plan", o.plan_file, "A plan that was reviewed, from: seance -e ENV plan -o FILE")
        ->type_name("PLAN");
    command->add_option("--commit", o.prepare.build.commit, "This commit's images, from the registry")
        ->type_name("REV");
    command->add_option("-s,--service", o.prepare.diff.only_service, "Only this service");
    command->add_option("--builder", o.prepare.build.builder, "What builds images")
        ->check(CLI::IsMember({"native", "docker"}))
        ->capture_default_str();
    command->add_flag("--skip-build", o.prepare.build.skip_build, "The images are in the registry already");
    command->add_flag("--allow-dirty", o.prepare.build.allow_dirty,
                      "Also with changes that are in no commit");
    command->add_flag("--prune", o.prepare.diff.prune, "Remove what is not declared");
    command->add_flag("--confirm-destructive", o.confirm_destructive,
                      "Carry out a plan that destroys something");
    command->add_flag("--no-auto-rollback", o.no_auto_rollback, "Leave a deployment that failed as it is");
    command->add_flag("--no-verify", o.no_verify, "Without the checks from outside at the end");
    add_wait(*command, o.wait);
    tell_yes(*command, "it is carried out without asking, as where nobody can be asked (CI)");
    command->add_flag("--detach", o.detach, "Start the deployments and leave");
    command->callback([&context, options] { context.exit_code = deploy(context, *options); });
}

}  // namespace seance::cli
