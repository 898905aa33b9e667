#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/remote/import.hpp"
#include "cli/starter.hpp"
#include "core/base/text.hpp"
#include "platform/plan/import.hpp"
#include "platform/stack/field_reader.hpp"

namespace seance::cli {

namespace {

namespace fs = std::filesystem;

struct InitOptions {
    std::string name, domain, project;
    bool import = false;
};

bool is_domain(std::string_view text) {
    const auto labels = split(text, '.');
    return text.size() <= 253 && labels.size() >= 2 &&
           std::all_of(labels.begin(), labels.end(), [](auto label) { return stack::is_name(label); });
}

// Makes a file that is not there yet; errno otherwise.
int create(const fs::path& path, const std::string& text) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "wx"), std::fclose};
    if (!file) return errno;
    const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    return written && std::fflush(file.get()) == 0 ? 0 : errno;
}

fs::path path_of(const Context& context) {
    std::error_code error;
    return fs::absolute(context.stack_file.empty() ? "stack.yaml" : context.stack_file, error)
        .lexically_normal();
}

int not_written(const Context& context, const fs::path& path, int error) {
    if (error == EEXIST)
        return context.fail(kRefused, "EXISTS",
                            fmt::format("{} is there already and stays as it is", path.string()),
                            "move it away first, or write elsewhere: seance init --stack FILE");
    return context.fail(kFailed, "NOT_WRITTEN",
                        fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
}

int import(Context& context, const InitOptions& options) {
    const auto path = path_of(context);
    std::error_code error;
    if (fs::exists(path, error)) return not_written(context, path, EEXIST);  // before asking anybody
    const auto made = import_environment(context, options.project, path.parent_path().string());
    if (!made) return context.exit_code;
    if (const auto failed = create(path, made->text); failed != 0) return not_written(context, path, failed);
    if (context.json) {
        boost::json::object secrets;
        for (const auto& [service, names] : made->secrets)
            secrets[service] = boost::json::array(names.begin(), names.end());
        context.result(boost::json::serialize(boost::json::object{
                           {"schema", "seance.init/1"},
                           {"project", made->project},
                           {"files", boost::json::array{boost::json::string(path.string())}},
                           {"services", made->services},
                           {"secrets", std::move(secrets)},
                           {"secrets_file", made->secrets_file},
                           {"notes", boost::json::array(made->notes.begin(), made->notes.end())},
                           {"changes", boost::json::array(made->changes.begin(), made->changes.end())}}) +
                       "\n");
        return kDone;
    }
    context.result(path.string() + "\n");
    for (const auto& [service, names] : made->secrets)
        context.note(fmt::format("! {} has secrets whose values are not in the file: {}", service,
                                 fmt::join(names, ", ")));
    if (!made->secrets.empty())
        context.note(
            made->secrets_file.empty()
                ? "  put them into a secrets file and name it in stack.yaml (docs/secrets.md); until "
                  "then they stay as they are live"
                : fmt::format("  they belong into {} (docs/secrets.md)", made->secrets_file));
    for (const auto& note : made->notes) context.note("! " + note);
    if (!made->changes.empty())
        context.note(fmt::format("! the plan of it is not empty: {}", fmt::join(made->changes, ", ")));
    context.note(fmt::format("Next: commit it, then: seance -e {} plan", context.environment));
    return kDone;
}

int init(Context& context, InitOptions options) {
    if (options.import) return import(context, options);
    if (!options.project.empty())
        return context.fail(kUsage, "USAGE", "--project is for --import",
                            "seance init --name NAME names a new one");
    std::error_code error;
    const auto path = path_of(context);
    const auto folder = path.parent_path();
    if (options.name.empty()) options.name = plan::name_from(folder.filename().string());
    if (!stack::is_name(options.name))
        return context.fail(kUsage, "USAGE",
                            options.name.empty()
                                ? "the name of this folder gives no name for a project"
                                : fmt::format("\"{}\" is no name for a project", options.name),
                            "give one of lower-case letters, digits and dashes: seance init --name shop");
    if (options.domain.empty()) options.domain = options.name + ".example";
    if (!is_domain(options.domain))
        return context.fail(kUsage, "USAGE",
                            fmt::format("--domain is \"{}\"; give one such as {}.dev, in lower case",
                                        options.domain, options.name));

    const auto failed = create(path, starter_stack(options.name, options.domain));
    if (failed != 0) return not_written(context, path, failed);
    boost::json::array files{boost::json::string(path.string())};
    // A page to look at, unless there is a site already.
    if (const auto web = folder / "web"; !fs::exists(web, error) && fs::create_directory(web, error))
        if (const auto page = web / "index.html"; create(page, starter_page(options.name)) == 0)
            files.push_back(boost::json::string(page.string()));

    if (context.json) {
        context.result(
            boost::json::serialize(boost::json::object{
                {"schema", "seance.init/1"}, {"project", options.name}, {"files", std::move(files)}}) +
            "\n");
        return kDone;
    }
    for (const auto& file : files) context.result(std::string(file.get_string()) + "\n");
    context.note(
        fmt::format("Next: seance doctor, then seance up and http://{}.localhost:8080", options.name));
    return kDone;
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
    auto options = std::make_shared<InitOptions>();
    auto* command = app.add_subcommand("init", "A stack.yaml to begin with, for another product");
    command->add_option("--name", options->name, "The project's name; else that of this folder")
        ->type_name("NAME");
    command->add_option("--domain", options->domain, "Where production is reached; else NAME.example")
        ->type_name("DOMAIN");
    command->add_flag("--import", options->import, "From what is live: seance -e ENV init --import");
    command
        ->add_option("--project", options->project,
                     "With --import: the project's name; else that of a project token")
        ->type_name("NAME");
    command->callback([&context, options] { context.exit_code = init(context, *options); });
}

}  // namespace seance::cli
