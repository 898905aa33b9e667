#include "cli/git.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <vector>

#include "core/base/text.hpp"
#include "core/config/reader.hpp"
#include "core/runtime/loop.hpp"
#include "core/runtime/wait.hpp"
#include "platform/process/child.hpp"

namespace seance::cli {

namespace {

constexpr Duration kLimit = std::chrono::seconds(10);
constexpr std::size_t kTagDigits = 7, kMostLines = 8;

struct Ran {
    process::ExitStatus status;
    std::vector<std::string> lines;
};

Awaitable<Result<Ran>> finish(process::Child& child) {
    Ran ran;
    const auto keep = [&ran](std::string_view line) {
        if (ran.lines.size() < kMostLines) ran.lines.emplace_back(line);
    };
    co_await child.read_lines(keep);
    ran.status = co_await child.wait();
    co_return ran;
}

Awaitable<void> run(Loop& loop, process::Child& child, Result<Ran>& result) {
    result = co_await with_deadline(kLimit, finish(child));
    loop.stop();
}

}  // namespace

Outcome<std::string> commit_tag(const std::string& folder, const std::string& revision) {
    process::Launch launch;
    launch.program = process::find_program({"git"}, folder);
    if (launch.program.empty()) return Problem{"git is not on PATH: apt-get install git"};
    // What follows is a revision, whatever it looks like.
    launch.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"};
    launch.env = config::process_environment();
    launch.folder = folder;
    Loop loop;
    auto child = process::Child::start(loop.executor(), launch);
    if (!child) return Problem{child.error().what};
    Result<Ran> ran = error_code{};
    asio::co_spawn(loop.executor(), run(loop, **child, ran), asio::detached);
    loop.run();
    if (!ran) return Problem{fmt::format("git did not answer within {}", print_duration(kLimit))};
    const auto good = ran->status.success() && ran->lines.size() == 1 && ran->lines[0].size() >= kTagDigits;
    if (!good)
        return Problem{fmt::format("{} is no commit of the checkout at {}{}", revision, folder,
                                   ran->lines.empty() ? "" : ": " + ran->lines[0])};
    return {boost::system::in_place_value, ran->lines[0].substr(0, kTagDigits)};
}

}  // namespace seance::cli
