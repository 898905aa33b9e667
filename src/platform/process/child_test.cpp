#include "platform/process/child.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::process {
namespace {

namespace fs = std::filesystem;

TEST(FindProgram, TakesThoseOfTheCheckoutFirst) {
    testing_support::TemporaryFolder folder;
    const auto program = folder.path() / "build/bin/sh";
    fs::create_directories(program.parent_path());
    std::ofstream(program) << "#!/bin/sh\n";
    fs::permissions(program, fs::perms::owner_all);

    EXPECT_EQ(find_program({"sh"}, folder.path().string()), fs::weakly_canonical(program).string());
    EXPECT_NE(find_program({"sh"}, ""), "") << "else from PATH";
}

}  // namespace
}  // namespace seance::process
