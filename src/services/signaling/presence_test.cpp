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
    presence.set("c", 1, 1);
    presence.forget_topic("c");

    EXPECT_EQ(presence.topics(), 0u);
}

TEST(Presence, ForgetsANodeInAllItsTopics) {
    Presence presence;
    presence.set("a", 1, 1);
    presence.set("b", 1, 1);
    presence.set("b", 2, 4);

    presence.forget_node(1);

    EXPECT_EQ(presence.topics(), 1u);
    EXPECT_EQ(presence.members("b"), 4u);
}

}  // namespace seance::signaling
