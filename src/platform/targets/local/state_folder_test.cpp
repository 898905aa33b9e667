#include "platform/targets/local/state_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.hpp"

namespace seance::local {
namespace {

TEST(StateFolder, KeepsGitFromTakingWhatIsInIt) {
    testing_support::TemporaryFolder folder;
    const StateFolder state{folder.path().string()};

    ASSERT_FALSE(state.make());
    ASSERT_FALSE(state.make()) << "a second time too";

    std::ifstream file(state.path() + "/.gitignore");
    EXPECT_EQ((std::string{std::istreambuf_iterator<char>(file), {}}), "*\n");
}

}  // namespace
}  // namespace seance::local
