#include "services/signaling/presence.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {

TEST(Presence, AddsUpWhatTheNodesSaidLast) {
    Presence presence;
    presence.set("room", 1, 2);
    presence.set("room", 2, 3);
    presence.set("other", 1, 9);
    EXPECT_EQ(presence.members("room"), 5u);

    presence.set("room", 1, 1);
    presence.set("room", 2, 0);

    EXPECT_EQ(presence.members("room"), 1u);
    EXPECT_EQ(presence.members("nowhere"), 0u);
}

TEST(Presence, KeepsNothingOfTopicsThatNobodyIsIn) {
    Presence presence;
    presence.set("a", 1, 0);
    presence.set("b", 1, 1);
    presence.set("b", 1, 0);

    EXPECT_EQ(presence.topics(), 0u);
}

TEST(Shares, CountEachNodeByWhatItSaidLast) {
    Shares shares;
    shares.set(1, 2);
    shares.set(2, 3);
    shares.set(1, 4);
    EXPECT_EQ(shares.members(), 7u);

    shares.set(2, 0);
    shares.set(3, 0);

    EXPECT_EQ(shares.members(), 4u);
    EXPECT_EQ(std::distance(shares.begin(), shares.end()), 1);
    shares.clear();
    EXPECT_TRUE(shares.empty());
    EXPECT_EQ(shares.members(), 0u);
}

}  // namespace seance::signaling
