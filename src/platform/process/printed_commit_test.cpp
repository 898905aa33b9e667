#include "platform/process/printed_commit.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::process {
namespace {

using namespace std::chrono_literals;

// What a program answers whose text is the given script.
std::string asked(const std::string& script, Duration limit) {
    testing_support::TemporaryFolder folder;
    const auto program = folder.path() / "program";
    std::ofstream(program) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    boost::asio::io_context io;
    Launch launch{program.string(), {"serve"}, {{"PATH", "/usr/bin:/bin"}}, ""};
    auto answer = boost::asio::co_spawn(io.get_executor(), ask_commit(std::move(launch), limit),
                                        boost::asio::use_future);
    io.run();
    return answer.get();
}

TEST(PrintedCommit, IsTheLastWordThatCanBeOne) {
    EXPECT_EQ(printed_commit("seance-backend 0123abc\n"), "0123abc");
    EXPECT_EQ(printed_commit("0123456789abcdef0123456789abcdef01234567"),
              "0123456789abcdef0123456789abcdef01234567");
    EXPECT_EQ(printed_commit("seance-backend unknown\n"), "");
    EXPECT_EQ(printed_commit("redis-server v=7.0.15 bits=64 build=8c8b9c\n"), "");
    EXPECT_EQ(printed_commit(""), "");
}

TEST(PrintedCommit, IsAskedWithTheOneWordVersion) {
    EXPECT_EQ(asked("[ \"$*\" = --version ] && echo api 0123abc", 10s), "0123abc");
}

TEST(PrintedCommit, IsNoneOfAProgramThatFailsOrDoesNotEnd) {
    EXPECT_EQ(asked("echo api 0123abc; exit 1", 10s), "");
    EXPECT_EQ(asked("exec sleep 600", 20ms), "");
}

}  // namespace
}  // namespace seance::process
