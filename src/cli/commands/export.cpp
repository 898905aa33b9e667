#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/commands/commands.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/remote/run_on.hpp"
#include "core/base/text.hpp"
#include "platform/exports/compose.hpp"
#include "platform/exports/kubernetes.hpp"
#include "platform/exports/tofu.hpp"
#include "platform/releases/git.hpp"

namespace seance::cli {

namespace {

struct ExportOptions {
    std::string engine, commit = "HEAD", output;
    std::vector<std::string> images;
};

using Exporter = Outcome<exports::Exported> (*)(const exports::Request&);
const std::map<std::string, Exporter> kEngines{{"compose", exports::export_compose},
                                               {"kubernetes", exports::export_kubernetes},
                                               {"tofu", exports::export_tofu}};

// SERVICE=REFERENCE of each --image; a Problem names the one that is wrong.
Outcome<std::map<std::string, std::string>> given_images(const stack::Stack& stack,
                                                         const std::vector<std::string>& options) {
    const auto names = names_of(stack);
    std::map<std::string, std::string> images;
    for (const auto& option : options) {
        const auto equals = option.find('=');
        const auto name = option.substr(0, equals);
        const auto reference = equals == std::string::npos ? "" : option.substr(equals + 1);
        if (reference.empty() || reference.find_first_of(" \t\n") != std::string::npos)
            return Problem{fmt::format("--image is \"{}\"; give SERVICE=REFERENCE, such as {}={}/{}:1.2",
                                       option, names.front(), stack.registry, names.front())};
        if (!stack.service(name))
            return Problem{
                fmt::format("--image names {}, which is no service{}", name, did_you_mean(name, names))};
        images[name] = reference;
    }
    return images;
}

int not_out_in_the_world(const Context& context, const Manifest& manifest) {
    std::string other = "ENV";
    for (const auto& environment : manifest.stack.environments)
        if (environment.target != stack::TargetKind::Local) other = environment.name;
    return context.fail(kUsage, "LOCAL",
                        fmt::format("environment {} is this machine's, where programs run without images",
                                    manifest.environment.name),
                        fmt::format("name one that is out in the world: seance export ENGINE -e {}", other));
}

int write(const Context& context, const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (file) return kDone;
    return context.fail(kFailed, "NOT_WRITTEN",
                        fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                        "is its folder there, and may this user write in it?");
}

int export_stack(Context& context, const ExportOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target == stack::TargetKind::Local)
        return not_out_in_the_world(context, *manifest);
    const auto images = given_images(manifest->stack, options.images);
    if (!images) return context.fail(kUsage, "USAGE", images.error().what);
    Loop loop;
    const auto read = run_on(loop, releases::read_commit(manifest->root, options.commit));
    if (!read) return kInterrupted;
    const auto& commit = *read;
    if (!commit)
        return context.fail(kNotThere, "NO_COMMIT", commit.error().what,
                            "images are named after a commit: name one of this checkout with --commit");

    const exports::Request request{manifest->stack, manifest->environment, commit->tag(), *images};
    const auto exported = kEngines.at(options.engine)(request);
    if (!exported) return context.fail(kBadConfig, "CANNOT_SAY", exported.error().what);
    for (const auto& note : exported->notes) context.note("note: " + note);
    if (!options.output.empty())
        if (const auto code = write(context, options.output, exported->text); code != kDone) return code;
    if (context.json) {
        boost::json::object result{
            {"schema", "seance.export/1"},
            {"engine", options.engine},
            {"environment", manifest->environment.name},
            {"commit", commit->tag()},
            {"notes", boost::json::array(exported->notes.begin(), exported->notes.end())}};
        if (options.output.empty())
            result["text"] = exported->text;
        else
            result["file"] = options.output;
        context.result(boost::json::serialize(result) + "\n");
    } else {
        context.result(options.output.empty() ? exported->text : options.output + "\n");
    }
    return kDone;
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
    auto options = std::make_shared<ExportOptions>();
    auto* command = app.add_subcommand("export", "The same environment in another engine's words");
    std::vector<std::string> engines;
    engines.reserve(std::size(kEngines));
    for (const auto& [name, exporter] : kEngines) engines.push_back(name);
    command->add_option("engine", options->engine, fmt::format("{}", fmt::join(engines, ", ")))
        ->required()
        ->type_name("ENGINE")
        ->check(CLI::IsMember(engines));
    command->add_option("--commit", options->commit, "The commit whose images it names")
        ->type_name("REV")
        ->capture_default_str();
    command->add_option("--image", options->images, "Another image for a service; may be repeated")
        ->type_name("SERVICE=REFERENCE");
    command->add_option("-o,--output", options->output, "Write there instead of on standard output")
        ->type_name("FILE");
    command->callback([&context, options] { context.exit_code = export_stack(context, *options); });
}

}  // namespace seance::cli
