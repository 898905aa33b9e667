// Several loops in one process: whoever accepts a connection, rooms are one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"

namespace seance::signaling {
namespace {

using namespace testing_support;
using Peers = std::vector<std::unique_ptr<Peer>>;

Peers connect(std::uint16_t port, int count) {
    Peers peers;
    for (int i = 0; i < count; ++i) peers.push_back(std::make_unique<Peer>(port));
    return peers;
}

}  // namespace

TEST(SignalingThreads, ShareTheirRooms) {
    Program program(Program::Settings{{"THREADS", "4"}});
    auto peers = connect(program.port(), 24);
    for (auto& peer : peers) peer->joins("r");

    std::string expected;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        peers[i]->publishes("r", std::to_string(i));
        expected = relayed("r", std::to_string(i), peers.size());
        for (auto& peer : peers) EXPECT_EQ(peer->receives(expected.size()), expected) << i;
    }
}

TEST(SignalingThreads, CountMembersOfAllOfThem) {
    Program program(Program::Settings{{"THREADS", "4"}});
    auto peers = connect(program.port(), 16);
    for (std::size_t members = 1; members <= peers.size(); ++members) {
        auto& peer = *peers[members - 1];
        peer.joins("r");
        peer.publishes("r", "x");
        auto expected = relayed("r", "x", members);
        for (std::size_t i = 0; i < members; ++i) EXPECT_EQ(peers[i]->receives(expected.size()), expected);
    }
    for (std::size_t i = 0; i < 8; ++i) {
        peers[i]->says(R"({"type":"unsubscribe","topics":["r"]})");
        peers[i]->hears();
    }
    peers[0]->publishes("r", "from outside");
    auto expected = relayed("r", "from outside", 8);
    for (std::size_t i = 8; i < peers.size(); ++i) EXPECT_EQ(peers[i]->receives(expected.size()), expected);
}

TEST(SignalingThreads, KeepOnePublishersMessagesInOrder) {
    Program program(Program::Settings{{"THREADS", "3"}});
    auto peers = connect(program.port(), 9);
    for (auto& peer : peers) peer->joins("r");
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        peers[0]->publishes("r", std::to_string(i));
        expected += relayed("r", std::to_string(i), peers.size());
    }

    for (auto& peer : peers) EXPECT_EQ(peer->receives(expected.size()), expected);
}

TEST(SignalingThreads, DrainTogether) {
    Program program(Program::Settings{{"THREADS", "4"}, {"CLOSE_TIMEOUT", "200ms"}});
    auto peers = connect(program.port(), 12);
    for (auto& peer : peers) peer->joins("r");

    program.signal(SIGTERM);

    for (auto& peer : peers) EXPECT_EQ(peer->receives_close(), "1001");
    EXPECT_EQ(program.exit_code(), 0);
}

}  // namespace seance::signaling
