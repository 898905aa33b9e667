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

TEST(StateFolder, KeepsPortsAndPassesOverWhatIsNone) {
    testing_support::TemporaryFolder folder;
    const StateFolder state{folder.path().string()};
    ASSERT_FALSE(state.make());
    EXPECT_TRUE(state.read_ports().empty());

    ASSERT_FALSE(state.write_ports({{"api", 10001}, {"api.metrics", 10002}}));
    EXPECT_EQ(state.read_ports(), (Ports{{"api", 10001}, {"api.metrics", 10002}}));

    std::ofstream(state.path() + "/ports") << "api 10001\nweb 70000\nshop\nold zero\n";
    EXPECT_EQ(state.read_ports(), (Ports{{"api", 10001}}));
}

}  // namespace
}  // namespace seance::local
