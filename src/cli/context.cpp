#include "cli/context.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/count.hpp"
#include "core/base/text.hpp"
#include "core/config/reader.hpp"
#include "platform/stack/parse.hpp"

namespace seance::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto n = ::write(fd, text.data(), text.size());
        if (n <= 0) return;  // nobody reads any more
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

// A message may quote what was given to us, in whatever encoding; JSON is UTF-8.
std::string legible(std::string_view text) {
    std::string out(text);
    if (!is_utf8(text))
        std::replace_if(
            out.begin(), out.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    return out;
}

}  // namespace

Context::Context()
    : result_fd_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)),
      result_style_(Style::of(STDOUT_FILENO)),
      note_style_(Style::of(STDERR_FILENO)) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

void Context::result(std::string_view text) const {
    write_all(result_fd_, text);
}

void Context::result_to(int fd) {
    ::dup3(fd, result_fd_, O_CLOEXEC);
    result_style_ = note_style_ = Style{false};
}

void Context::note(std::string_view line) const {
    if (!quiet) write_all(STDERR_FILENO, std::string(line) + "\n");
}

int Context::fail(int exit, std::string_view code, std::string_view message, std::string_view hint) const {
    if (json) {
        json::object error{{"code", code}, {"message", legible(message)}};
        if (!hint.empty()) error["hint"] = legible(hint);
        result(json::serialize(json::object{{"error", std::move(error)}}) + "\n");
        return exit;
    }
    auto text = fmt::format("{} {}\n", note_style_.red("error:"), message);
    if (!hint.empty()) text += fmt::format("  {}\n", hint);
    write_all(STDERR_FILENO, text);
    return exit;
}

std::string Context::command() const {
    std::string text = "seance";
    if (!stack_file.empty()) text += " --stack " + stack_file;
    return environment == "local" ? text : text + " -e " + environment;
}

std::string Context::rehearse_hint(std::string_view without) const {
    return fmt::format("to try it on this machine, where no {} is needed: {} rehearse", without, command());
}

std::string Context::find_manifest() const {
    std::error_code error;
    if (!stack_file.empty()) return fs::absolute(stack_file, error).lexically_normal().string();
    for (auto folder = fs::current_path(error);; folder = folder.parent_path()) {
        if (fs::exists(folder / "stack.yaml", error)) return (folder / "stack.yaml").string();
        if (folder == folder.parent_path()) return {};
    }
}

std::optional<Manifest> Context::manifest() {
    const auto refuse = [this](std::string_view code, std::string_view message, std::string_view hint = {}) {
        exit_code = fail(kBadConfig, code, message, hint);
        return std::nullopt;
    };
    const auto path = find_manifest();
    if (path.empty())
        return refuse("NO_STACK", "there is no stack.yaml here or in a folder above",
                      "go to the product's folder, or name the file: seance --stack FILE …");
    // Short where it can be: the path as the user would write it.
    std::error_code error;
    const auto shown = stack_file.empty() ? fs::relative(path, error).string() : stack_file;
    if (fs::is_directory(path, error))
        return refuse(
            "NO_STACK", fmt::format("{} is a folder", shown),
            fmt::format("name the file: seance --stack {} …", (fs::path(shown) / "stack.yaml").string()));
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return refuse("NO_STACK", fmt::format("cannot read {}: {}", shown, ::strerror(errno)),
                      "name the product's file: seance --stack FILE …");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto parsed = stack::parse_stack(text);
    if (!parsed.problems.empty()) {
        std::string all;
        for (const auto& finding : parsed.problems)
            all += (all.empty() ? "" : "\n  ") + print(finding, shown);
        return refuse("INVALID_STACK",
                      parsed.problems.size() == 1
                          ? all
                          : fmt::format("{}:\n  {}", count(parsed.problems.size(), "problem"), all));
    }
    const auto* found = parsed.stack.environment(environment);
    if (!found) {
        std::vector<std::string> names;
        for (const auto& each : parsed.stack.environments) names.push_back(each.name);
        return refuse(
            "NO_ENVIRONMENT",
            fmt::format("{} has no environment {}{}", shown, environment, did_you_mean(environment, names)),
            fmt::format("it has {}", fmt::join(names, ", ")));
    }
    Manifest manifest;
    manifest.environment = *found;
    manifest.stack = std::move(parsed.stack);
    manifest.file = path;
    manifest.root = fs::path(path).parent_path().string();
    return manifest;
}

std::map<std::string, std::string> process_environment() {
    return config::process_environment();
}

}  // namespace seance::cli
