#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/starter.hpp"
#include "core/base/text.hpp"
#include "platform/stack/field_reader.hpp"

namespace seance::cli {

namespace {

namespace fs = std::filesystem;

struct InitOptions {
    std::string name, domain;
};

// The folder's name with what a project's name may not have made dashes; "" if nothing is left.
std::string name_of_folder(const fs::path& folder) {
    std::string name;
    for (const char c : lower(folder.filename().string())) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (good)
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    name.resize(std::min<std::size_t>(name.size(), 40));
    while (name.ends_with('-')) name.pop_back();
    return name;
}

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

int init(Context& context, InitOptions options) {
    std::error_code error;
    const auto path = fs::absolute(context.stack_file.empty() ? "stack.yaml" : context.stack_file, error)
                          .lexically_normal();
    const auto folder = path.parent_path();
    if (options.name.empty()) options.name = name_of_folder(folder);
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
    if (failed == EEXIST)
        return context.fail(kRefused, "EXISTS",
                            fmt::format("{} is there already and stays as it is", path.string()),
                            "move it away first, or write elsewhere: seance init --stack FILE");
    if (failed != 0)
        return context.fail(kFailed, "NOT_WRITTEN",
                            fmt::format("cannot write {}: {}", path.string(), std::strerror(failed)));
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
    command->callback([&context, options] { context.exit_code = init(context, *options); });
}

}  // namespace seance::cli
