#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/remote/confirm.hpp"
#include "cli/remote/image_there.hpp"
#include "cli/remote/outside_checks.hpp"
#include "cli/remote/past.hpp"
#include "cli/remote/plan_print.hpp"
#include "cli/remote/run_on.hpp"
#include "cli/remote/way_back.hpp"
#include "cli/terminal/steps.hpp"
#include "cli/usage.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/targets/railway/platform_rollback.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;
using releases::Compare;
using releases::Release;

struct RollbackOptions {
    std::string to, service;
    bool with_variables = false, platform = false, no_verify = false;
    Duration wait{0};  // for the deploy lock
};

class Rollback {
  public:
    Rollback(Context& context, const RollbackOptions& options) : context_(context), options_(options) {}

    int run() {
        const auto begun = Clock::now();
        auto manifest = context_.manifest();
        if (!manifest) return context_.exit_code;
        manifest_ = std::move(*manifest);
        if (is_local(context_, manifest_, "rollback")) return context_.exit_code;
        reach_ = Reach::open(context_, manifest_, std::nullopt, false);
        if (!reach_) return context_.exit_code;
        wanted_ = outline(manifest_, false);
        auto seen = look(context_, *reach_, wanted_);
        if (!seen) return context_.exit_code;
        seen_ = std::move(*seen);
        auto history = read_releases(context_, *reach_, where());
        if (!history) return context_.exit_code;
        history_ = std::move(*history);
        if (!choose()) return context_.exit_code;
        back_ = railway::make_return(seen_.live, *target_, *current_, options_.service, compare());
        if (back_.state.empty()) return nothing_to_do();
        if (options_.with_variables && !read_variables()) return context_.exit_code;
        if (options_.platform ? !platform_can() : !images_there()) return context_.exit_code;

        auto wish = wanted_;
        railway::wish_for(back_, seen_.live, wish);
        auto plan = plan::diff(wish, seen_.live);
        plan.unmanaged.clear();  // a rollback has nothing to say about them
        between_ = run_on(reach_->loop(), commits_between(manifest_.root, current_->commit, target_->commit))
                       .value_or(CommitsBetween{});
        for (auto& note : notes_) plan.notes.push_back(std::move(note));
        if (plan.empty() && !options_.platform)
            context_.note(fmt::format("{} is on its way back to {} already; this waits for it",
                                      wanted_.environment, target_->commit));
        else if (!context_.json)
            tell_plan(plan);
        if ((options_.platform || !plan.empty()) && !confirm(context_, "Carry it out?", "give --yes"))
            return context_.exit_code;

        Steps steps{context_};
        const auto report = steps.report();
        auto applied = carry_out(report, plan);
        if (!applied) return context_.exit_code;
        if (!options_.no_verify)
            if (const int verified = verify(report); verified != kDone) {
                if (verified == kCheckFailed)
                    context_.note(fmt::format("{} {} is back to {} all the same; look again: {} verify",
                                              context_.note_style().yellow("!"), wanted_.environment,
                                              target_->commit, context_.command()));
                return verified;
            }
        tell_end(*applied, std::chrono::duration<double>(Clock::now() - begun).count());
        return kDone;
    }

  private:
    railway::Whereabouts where() const { return {seen_.state.project, seen_.state.environment}; }
    Compare compare() const { return options_.with_variables ? Compare::Deployments : Compare::Images; }

    bool refuse(int exit, std::string_view code, std::string_view what, std::string_view hint = {}) {
        context_.exit_code = context_.fail(exit, code, what, hint);
        return false;
    }

    bool choose() {
        const auto way = find_way_back(context_, seen_.live, history_,
                                       {wanted_.environment, options_.to, options_.service, compare()});
        if (!way) return false;
        current_ = way->current;
        target_ = way->target;
        return true;
    }

    int nothing_to_do() {
        const auto sentence =
            options_.service.empty()
                ? fmt::format("{} runs {} already: nothing to do", wanted_.environment, target_->commit)
                : fmt::format("{} runs already what it ran at {}: nothing to do", options_.service,
                              target_->commit);
        if (context_.json)
            tell_json({}, 0);
        else
            context_.result(sentence + "\n");
        if (!context_.json && target_ != current_ && !options_.with_variables)
            context_.note(
                fmt::format("its images are those that run; {} rollback --to {} --with-variables "
                            "brings its variables back, too",
                            context_.command(), releases::handle(*target_)));
        return kDone;
    }

    // What the deployments that it goes back to were started with, those that were declared then.
    bool read_variables() {
        auto& api = reach_->session().api;
        for (const auto& [service, then] : back_.state) {
            const railway::DeploymentId id(then.deployment);
            std::vector<std::string> names{std::string(plan::kNamesVariable)};
            auto declared = run_on(reach_->loop(), api.deployment_variables({id}, names));
            if (!declared) return context_.exit_code = kInterrupted, false;
            if (!*declared) return told(declared->error());
            const auto found = (*declared)->find(id);
            if (found == (*declared)->end())
                return refuse(
                    kNotThere, "NO_VARIABLES",
                    fmt::format("Railway no longer has the variables that {} was started with at {}", service,
                                target_->commit),
                    "without --with-variables today's are kept");
            names = plan::declared_names(found->second.begin()->second);
            auto values = run_on(reach_->loop(), api.deployment_variables({id}, names));
            if (!values) return context_.exit_code = kInterrupted, false;
            if (!*values) return told(values->error());
            auto& kept = back_.variables[service];
            if (const auto old = (*values)->find(id); old != (*values)->end())
                for (const auto& [name, value] : old->second) kept[name] = SecretText(value);
        }
        return true;
    }

    bool told(const remote::Failure& failure) {
        context_.exit_code = fail(context_, plan::trouble_of(failure, "reading variables"));
        return false;
    }

    bool platform_can() {
        std::vector<std::string> lost;
        for (const auto& [service, then] : back_.state)
            if (!then.can_return) lost.push_back(service);
        notes_.push_back(
            "Railway's own rollback brings back the variables of then as well, rotated secrets included");
        if (lost.empty()) return true;
        return refuse(
            kNotThere, "OUT_OF_RETENTION",
            fmt::format("Railway can no longer roll {} back to {}: it keeps images for a few days only",
                        fmt::join(lost, ", "), target_->commit),
            "without --platform the old image is deployed again from the registry");
    }

    bool images_there() {
        std::vector<std::string> images;
        for (const auto& [service, then] : back_.state) images.push_back(then.image);
        auto there = look_for_images(*reach_, images);
        for (auto& note : there.notes) notes_.push_back(std::move(note));
        if (there.gone.empty()) return true;
        return refuse(
            kNotThere, "NO_IMAGE",
            fmt::format("{} {} no longer in the registry", fmt::join(there.gone, ", "),
                        there.gone.size() == 1 ? "is" : "are"),
            fmt::format("choose another release ({0} releases), or deploy that commit again: {0} deploy",
                        context_.command()));
    }

    void tell_plan(const plan::Plan& plan) {
        std::vector<std::string> later;
        for (const auto& service : seen_.live.services)
            if (!target_->state.contains(service.name)) later.push_back(service.name);
        auto shown = plan;
        if (!later.empty())
            shown.notes.push_back(
                fmt::format("{} did not run yet at {}: left alone", fmt::join(later, ", "), target_->commit));
        if (options_.platform)
            std::erase_if(shown.changes,
                          [](const plan::Change& one) { return one.kind == plan::Kind::Variable; });
        auto text = print_plan(shown, between_.subject, context_.note_style());
        text += between_.print();
        if (!between_.known && current_->commit != target_->commit)
            text += "\nWhich commits lie between is not known here: no checkout has them.\n";
        context_.note(text);
    }

    std::optional<railway::Applied> carry_out(const plan::Report& report, const plan::Plan& plan) {
        railway::ApplyOptions options;
        options.report = report;
        options.owner = owner();
        options.command = context_.command();
        options.lock_patience = options_.wait;
        options.back_to = back_.number;
        options.diff.only_service = options_.service;
        hurry(options, reach_->addresses());
        reach_->leave_on_signals(
            context_,
            fmt::format(
                "deployments that were started go on; to complete this: seance -e {} rollback --to {}",
                wanted_.environment, releases::handle(*target_)));
        auto wish = wanted_;
        railway::wish_for(back_, seen_.live, wish);
        options.adapt = [this](plan::Wanted& wanted, const plan::Live& live) {
            railway::wish_for(back_, live, wanted);
        };
        for (const auto& change : plan.changes)
            if (change.impact == plan::Impact::Interrupts)
                report({plan::Event::Type::Warning, change.service, change.reason});
        auto work = options_.platform
                        ? railway::platform_rollback(reach_->session(), where(), back_, std::move(options))
                        : railway::apply(reach_->session(), std::move(wish), std::move(options));
        auto applied = run_on(reach_->loop(), std::move(work));
        if (!applied) {
            context_.exit_code = kInterrupted;
            return std::nullopt;
        }
        if (*applied) return std::move(**applied);
        context_.exit_code = fail(context_, applied->error());
        return std::nullopt;
    }

    // Health and commit of all over their public names; the declared checks may need secrets that are not
    // here.
    int verify(const plan::Report& report) {
        OutsideOptions options;
        options.declared = false;
        options.only_service = options_.service;
        for (const auto& service : manifest_.stack.services) {
            if (!service.prints_commit) continue;
            if (const auto then = back_.state.find(service.name); then != back_.state.end())
                options.commits[service.name] = then->second.commit;
            else if (const auto* live = seen_.live.service(service.name))
                options.commits[service.name] = live->variable(std::string(plan::kCommitVariable));
        }
        const Secrets none;
        return verify_outside(context_, *reach_, manifest_, none, std::move(options), report).exit_code;
    }

    void tell_end(const railway::Applied& applied, double seconds) {
        if (context_.json) return tell_json(applied, seconds);
        const auto& style = context_.result_style();
        std::vector<std::string> names;
        for (const auto& [service, then] : back_.state) names.push_back(service);
        context_.result(
            fmt::format("\n{} {} is back to {}: {} ({:.1f} s)\n{}", style.green("✔"), wanted_.environment,
                        style.bold(target_->commit), fmt::join(names, ", "), seconds,
                        style.dim(fmt::format("  forward again: seance -e {} rollback --to {}\n",
                                              wanted_.environment, releases::handle(*current_)))));
    }

    void tell_json(const railway::Applied& applied, double seconds) {
        json::array deployments, services, undone, brought;
        for (const auto& one : applied.deployments)
            deployments.push_back(
                json::object{{"service", one.service}, {"id", one.deployment}, {"image", one.image}});
        for (const auto& [service, then] : back_.state) services.emplace_back(service);
        for (const auto& commit : between_.undone) undone.emplace_back(commit);
        for (const auto& commit : between_.brought) brought.emplace_back(commit);
        context_.result(json::serialize(json::object{{"type", "result"},
                                                     {"schema", "seance.rollback/1"},
                                                     {"ok", true},
                                                     {"environment", wanted_.environment},
                                                     {"from", current_->commit},
                                                     {"to", target_->commit},
                                                     {"services", std::move(services)},
                                                     {"undone", std::move(undone)},
                                                     {"brought", std::move(brought)},
                                                     {"deployments", std::move(deployments)},
                                                     {"seconds", seconds}}) +
                        "\n");
    }

    Context& context_;
    const RollbackOptions& options_;
    Manifest manifest_;
    std::unique_ptr<Reach> reach_;
    plan::Wanted wanted_;
    railway::Seen seen_;
    std::vector<Release> history_;
    const Release* current_ = nullptr;
    const Release* target_ = nullptr;
    railway::Return back_;
    CommitsBetween between_;
    std::vector<std::string> notes_;
};

}  // namespace

void add_rollback(CLI::App& app, Context& context) {
    auto options = std::make_shared<RollbackOptions>();
    auto& o = *options;
    auto* command = app.add_subcommand("rollback", "Bring an earlier release back, by its images");
    command
        ->add_option("--to", o.to,
                     "This one, by its commit or its number (r12); else the last good one before what runs")
        ->type_name("RELEASE");
    command->add_option("-s,--service", o.service, "Only this service");
    auto* variables =
        command->add_flag("--with-variables", o.with_variables, "With the variables of then; else today's");
    command
        ->add_flag("--platform", o.platform, "By Railway's own rollback, which brings the variables of then")
        ->excludes(variables);
    command->add_flag("--no-verify", o.no_verify, "Without the checks from outside at the end");
    add_wait(*command, o.wait);
    tell_yes(*command, "it is carried out without asking, as where nobody can be asked (CI)");
    command->callback([&context, options] { context.exit_code = Rollback{context, *options}.run(); });
}

}  // namespace seance::cli
