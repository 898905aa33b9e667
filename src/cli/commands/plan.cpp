#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>

#include "cli/commands/commands.hpp"
#include "cli/remote/plan_print.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/terminal/steps.hpp"
#include "platform/plan/snapshot.hpp"

namespace seance::cli {

namespace {

struct PlanOptions {
    PrepareOptions prepare;
    std::string output, snapshot;
    bool exit_code = false;
};

bool write_file(Context& context, const std::string& path, const boost::json::object& object) {
    std::ofstream file(path, std::ios::binary);
    file << boost::json::serialize(object) << "\n";
    file.close();
    if (file) return true;
    context.exit_code = context.fail(kFailed, "CANNOT_WRITE", fmt::format("cannot write {}", path));
    return false;
}

int plan(Context& context, PlanOptions& options) {
    options.prepare.build.push = false;
    options.prepare.build.only_looks = options.output.empty();
    std::unique_ptr<Prepared> prepared;
    {
        // Only the result goes to standard output, with --json too.
        Steps steps{context};
        const auto quiet = [&context](const plan::Event& event) {
            if (event.type == plan::Event::Type::Warning) context.note("! " + event.text);
        };
        prepared = prepare(context, options.prepare, context.json ? plan::Report(quiet) : steps.report());
    }
    if (!prepared) return context.exit_code;
    if (!options.snapshot.empty() &&
        !write_file(context, options.snapshot, plan::to_json(prepared->seen.live)))
        return context.exit_code;
    const auto document = plan::to_json(prepared->file);
    if (!options.output.empty() && !write_file(context, options.output, document)) return context.exit_code;
    const auto& plan = prepared->file.plan;
    if (context.json)
        context.result(boost::json::serialize(document) + "\n");
    else
        context.result(print_plan(plan, prepared->build ? prepared->build->commit.subject : "",
                                  context.result_style(), context.verbose));
    if (!options.output.empty())
        context.note(fmt::format("carry it out with: {} deploy {}", context.command(), options.output));
    if (!plan.conflicts.empty()) return kRefused;
    return options.exit_code && !plan.empty() ? kChangesPending : kDone;
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
    auto options = std::make_shared<PlanOptions>();
    auto* command = app.add_subcommand("plan", "What deploy would change, against what is really live");
    command
        ->add_option("-o,--output", options->output, "Write the plan there, for: seance -e ENV deploy FILE")
        ->type_name("FILE");
    command->footer("To carry it out: seance -e ENV deploy; with --yes it does not ask.\n" +
                    command->get_footer());
    command->add_flag("--exit-code", options->exit_code, "Exit with 2 if there are changes");
    command->add_option("--offline", options->prepare.offline, "Compare with this snapshot: no credentials")
        ->type_name("SNAPSHOT");
    command->add_option("--snapshot", options->snapshot, "Write what is live there, without secrets")
        ->type_name("FILE");
    command->add_option("--commit", options->prepare.build.commit, "Plan for this commit's images")
        ->type_name("REV");
    command->add_option("-s,--service", options->prepare.diff.only_service, "Only this service");
    command->add_flag("--allow-dirty", options->prepare.build.allow_dirty,
                      "Also with changes that are in no commit");
    command->add_flag("--prune", options->prepare.diff.prune, "Remove what is not declared");
    command->callback([&context, options] { context.exit_code = plan(context, *options); });
}

}  // namespace seance::cli
