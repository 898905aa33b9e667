#include "platform/images/command.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/run.hpp"

namespace seance::images {
namespace {

Awaitable<void> run_into(process::Launch launch, Duration limit, Attempt<CommandResult>& out) {
    out = co_await run_command(std::move(launch), limit);
}

Attempt<CommandResult> shell(const std::string& script, const std::string& input = "",
                             Duration limit = std::chrono::seconds(20)) {
    Loop loop;
    process::Launch launch;
    launch.program = "/bin/sh";
    launch.args = {"-c", script};
    launch.env = own_environment();
    launch.input = input;
    Attempt<CommandResult> out = Failure{};
    testing_support::run(loop, run_into(std::move(launch), limit, out));
    return out;
}

TEST(Command, GivesOutputAndStatus) {
    auto ran = shell("cat; echo error >&2; exit 3", "in\n");

    ASSERT_TRUE(ran) << ran.error().what;
    EXPECT_EQ(ran->output, "in\nerror\n");
    EXPECT_EQ(ran->status.code, 3);
}

TEST(Command, ReadsAnInputLargerThanAPipe) {
    EXPECT_EQ(shell("wc -c", std::string(1'000'000, 'x'))->output, "1000000\n");
}

TEST(Command, KeepsTheEndOfLongOutput) {
    auto ran = shell("seq 1 100000; echo the end");

    EXPECT_LE(ran->output.size(), kMostOutput);
    EXPECT_TRUE(ran->output.ends_with("100000\nthe end\n"));
}

TEST(Command, GetsNoFileOfThisProcess) {
    // Without close-on-exec, as a library may open one.
    const int open = ::fcntl(STDERR_FILENO, F_DUPFD, 100);

    auto ran = shell("test -e /proc/$$/fd/" + std::to_string(open) + " && echo inherited || echo closed");
    ::close(open);

    EXPECT_EQ(ran->output, "closed\n");
}

TEST(Command, IsKilledAfterItsTime) {
    auto ran = shell("sleep 100", "", std::chrono::milliseconds(20));

    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().kind, FailureKind::Unreachable);
    EXPECT_EQ(ran.error().what, "sh did not end within 20ms");
}

TEST(Command, SaysThatThereIsNoSuchProgram) {
    Loop loop;
    process::Launch launch;
    launch.program = "/nowhere/program";
    Attempt<CommandResult> out = Failure{};

    testing_support::run(loop, run_into(std::move(launch), std::chrono::seconds(1), out));

    EXPECT_EQ(out.error().what, "cannot start /nowhere/program: No such file or directory");
}

TEST(OneLine, IsWhatMayBePrinted) {
    EXPECT_EQ(one_line(" a\r\n\tb\x1b[1m "), "a b [1m");
    EXPECT_EQ(one_line("\xff"), "(not readable as text)");
    EXPECT_EQ(one_line(std::string(1000, 'x')).size(), 300 + std::string_view("…").size());
}

}  // namespace
}  // namespace seance::images
