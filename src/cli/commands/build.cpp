#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/remote/build.hpp"
#include "cli/terminal/steps.hpp"
#include "cli/terminal/table.hpp"

namespace seance::cli {

namespace {

int build(Context& context, const BuildOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->stack.registry.empty())
        return context.fail(kBadConfig, "NO_REGISTRY", "stack.yaml names no registry for images",
                            "for example: registry: docker.io/yourname");
    Loop loop;
    http::Client client{loop};
    Steps steps{context};
    const auto addresses = Addresses::from(process_environment());
    auto built = build_images(context, *manifest, loop, client, addresses, options, steps.report());
    if (!built) return context.exit_code;
    for (const auto& note : built->notes) context.note("! " + note);
    if (context.json) {
        boost::json::array images;
        for (const auto& one : built->services)
            images.push_back(boost::json::object{{"service", one.service},
                                                 {"image", one.image.reference},
                                                 {"content", one.image.content},
                                                 {"bytes", one.compressed},
                                                 {"sent", one.sent},
                                                 {"unchanged", one.unchanged}});
        context.result(boost::json::serialize(boost::json::object{{"type", "result"},
                                                                  {"schema", "seance.build/1"},
                                                                  {"commit", built->commit.revision},
                                                                  {"tag", built->tag},
                                                                  {"pushed", options.push},
                                                                  {"images", std::move(images)}}) +
                       "\n");
        return kDone;
    }
    Table table({"SERVICE", "SIZE", "SENT", "IMAGE"});
    for (const auto& one : built->services)
        table.add(
            {one.service,
             one.compressed == 0 ? "" : fmt::format("{:.1f} MB", static_cast<double>(one.compressed) / 1e6),
             one.compressed == 0 ? "" : fmt::format("{:.1f} MB", static_cast<double>(one.sent) / 1e6),
             one.image.reference});
    context.result(table.print(context.result_style()));
    return kDone;
}

}  // namespace

void add_build(CLI::App& app, Context& context) {
    auto options = std::make_shared<BuildOptions>();
    auto no_push = std::make_shared<bool>(false);
    auto* command = app.add_subcommand("build", "Build the images of a commit and push them");
    command->add_option("--builder", options->builder, "What builds them")
        ->check(CLI::IsMember({"native", "docker"}))
        ->capture_default_str();
    command->add_option("-s,--service", options->only_service, "Only this service");
    command->add_flag("--no-push", *no_push, "Leave them here");
    command->add_flag("--allow-dirty", options->allow_dirty,
                      "Also with changes that are in no commit; the tag says so");
    command->callback([&context, options, no_push] {
        options->push = !*no_push;
        context.exit_code = build(context, *options);
    });
}

}  // namespace seance::cli
