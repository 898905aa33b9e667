#include "platform/releases/git.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "platform/images/command.hpp"
#include "platform/process/child.hpp"

namespace seance::releases {

namespace {

constexpr Duration kLimit = std::chrono::seconds(20);

std::map<std::string, std::string> environment() {
    auto made = images::own_environment();
    made["LC_ALL"] = "C";
    made["GIT_TERMINAL_PROMPT"] = "0";
    return made;
}

// Outside of coroutines, where g++ 12 destroys the strings of a braced list twice.
std::vector<std::string> words(std::initializer_list<std::string_view> list) {
    return {list.begin(), list.end()};
}

// What git prints; a Problem with its last line if it fails.
Awaitable<Outcome<std::string>> git(std::string root, std::vector<std::string> args) {
    process::Launch launch;
    launch.program = process::find_program({"git"}, root);
    if (launch.program.empty()) co_return Problem{"git is not on PATH: apt-get install git"};
    launch.args = std::move(args);
    launch.folder = root;
    launch.env = environment();
    auto ran = co_await images::run_command(std::move(launch), kLimit);
    if (!ran) co_return Problem{ran.error().what};
    if (!ran->status.success()) co_return Problem{images::one_line(ran->output)};
    co_return Outcome<std::string>{boost::system::in_place_value, std::move(ran->output)};
}

// "https://token@host/x.git" must not end in an image's label.
std::string without_user(std::string url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const auto at = url.find('@', scheme + 3);
    const auto slash = url.find('/', scheme + 3);
    if (at != std::string::npos && (slash == std::string::npos || at < slash))
        url.erase(scheme + 3, at - scheme - 2);
    return url;
}

}  // namespace

Awaitable<Outcome<GitCommit>> read_commit(std::string root, std::string rev) {
    auto show = words({"log", "-1", "--format=%H%n%ct%n%s", "--end-of-options", rev, "--"});
    auto shown = co_await git(root, std::move(show));
    if (!shown)
        co_return Problem{
            fmt::format("{} names no commit of the repository in {}: {}", rev, root, shown.error().what)};
    const auto lines = split(*shown, '\n');
    GitCommit commit;
    if (lines.size() < 3 || lines[0].size() < 40)
        co_return Problem{fmt::format("git says nothing that makes sense of {}", rev)};
    commit.revision = lines[0];
    commit.time = static_cast<std::int64_t>(parse_number(lines[1]).value_or(0));
    commit.subject = lines[2];
    auto ask_head = words({"rev-parse", "HEAD"});
    auto head = co_await git(root, std::move(ask_head));
    commit.is_head = head && trim(*head) == commit.revision;
    auto ask_remote = words({"config", "--get", "remote.origin.url"});
    auto remote = co_await git(root, std::move(ask_remote));
    if (remote) commit.source = without_user(std::string(trim(*remote)));
    if (!commit.is_head) co_return commit;
    auto ask_status = words({"status", "--porcelain", "--untracked-files=normal"});
    auto status = co_await git(root, std::move(ask_status));
    if (!status) co_return status.error();
    for (auto line : split(*status, '\n'))
        if (line.size() > 3 && commit.changed.size() < kMostShown)
            commit.changed.emplace_back(line.substr(3));
    co_return commit;
}

Awaitable<std::vector<std::string>> commits_between(std::string root, std::string from, std::string to) {
    std::vector<std::string> lines;
    const auto most = fmt::format("--max-count={}", kMostShown), range = from + ".." + to;
    auto args = words({"log", most, "--format=%h %s", "--end-of-options", range, "--"});
    auto shown = co_await git(std::move(root), std::move(args));
    if (!shown) co_return lines;
    for (auto line : split(*shown, '\n'))
        if (!line.empty()) lines.emplace_back(line);
    co_return lines;
}

}  // namespace seance::releases
